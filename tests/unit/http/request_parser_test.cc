#include "gateway/http/request_parser.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/unit/http/parse_pieces.h"

namespace keyfold::http {
namespace {

using Outcome = RequestParser::Outcome;
using Phase = RequestParser::Phase;

constexpr ParserLimits kLimits{.body_bytes_max = 64, .header_bytes_max = 256, .header_count_max = 5};

Parsed parse(std::string_view input) { return parse_pieces({input}, kLimits); }

// A request whose head is the given lines, HTTP/1.1 and with Host.
std::string with_fields(std::string_view fields) {
  return "POST /p HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}

std::string chunked(std::string_view body) { return with_fields("Transfer-Encoding: chunked\r\n") + std::string(body); }

TEST(RequestParser, GivesMethodPathQueryHeadersAndBody) {
  const auto parsed = parse("POST /v2/x?a=1&b HTTP/1.1\r\nHost: h:80\r\nX-A: \t v w \r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(parsed.requests,
            std::vector<std::string>{"POST /v2/x ?a=1&b [Host=h:80] [X-A=v w] [Content-Length=3] 1.1 keep abc"});
  EXPECT_EQ(parsed.phase, Phase::kBetweenRequests);
}

TEST(RequestParser, CutsPipelinedRequestsApart) {
  const auto parsed = parse(with_fields("Content-Length: 1\r\n") + "a" + with_fields("Content-Length: 2\r\n") + "bc");
  ASSERT_EQ(parsed.requests.size(), 2U);
  EXPECT_TRUE(parsed.requests[0].ends_with(" a"));
  EXPECT_TRUE(parsed.requests[1].ends_with(" bc"));
}

TEST(RequestParser, JoinsChunksAndDropsExtensionsAndTrailers) {
  const auto parsed = parse(chunked("3\r\nabc\r\nA;x=y\r\n0123456789\r\n0 ;z\r\nX-T: v\r\n\r\n"));
  ASSERT_EQ(parsed.requests.size(), 1U);
  EXPECT_TRUE(parsed.requests[0].ends_with(" keep abc0123456789"));
}

TEST(RequestParser, ReadsARequestThatFollowsAChunkedOne) {
  const auto parsed = parse(chunked("1\r\na\r\n0\r\n\r\n") + with_fields(""));
  EXPECT_EQ(parsed.requests.size(), 2U);
  EXPECT_EQ(parsed.refused, 0);
}

TEST(RequestParser, TakesPathAndQueryFromAnAbsoluteTarget) {
  const auto parsed = parse("GET http://h/p?q HTTP/1.1\r\nHost: h\r\n\r\nGET HTTP://h HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_EQ(parsed.requests.size(), 2U);
  EXPECT_TRUE(parsed.requests[0].starts_with("GET /p ?q "));
  EXPECT_TRUE(parsed.requests[1].starts_with("GET / ? "));
}

TEST(RequestParser, TakesAnAsteriskWithOptionsOnly) {
  EXPECT_TRUE(parse("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").requests.at(0).starts_with("OPTIONS * ?"));
  EXPECT_EQ(parse("GET * HTTP/1.1\r\nHost: h\r\n\r\n").refused, 400);
}

TEST(RequestParser, IgnoresOneEmptyLineBeforeARequest) {
  EXPECT_EQ(parse("\r\n" + with_fields("")).requests.size(), 1U);
  EXPECT_EQ(parse("\r\n\r\n" + with_fields("")).refused, 400);
}

TEST(RequestParser, KeepsConnectionsAliveAsTheirVersionSays) {
  const auto ends = [](std::string_view version, std::string_view fields) {
    return parse("GET / " + std::string(version) + "\r\nHost: h\r\n" + std::string(fields) + "\r\n").requests.at(0);
  };
  EXPECT_TRUE(ends("HTTP/1.1", "").ends_with(" 1.1 keep "));
  EXPECT_TRUE(ends("HTTP/1.1", "Connection: x, Close\r\n").ends_with(" 1.1 close "));
  EXPECT_TRUE(ends("HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n").ends_with(" close "));
  EXPECT_TRUE(ends("HTTP/1.0", "").ends_with(" 1.0 close "));
  EXPECT_TRUE(ends("HTTP/1.0", "Connection: Keep-Alive\r\n").ends_with(" 1.0 keep "));
}

TEST(RequestParser, NeedsNoHostWithHttp10) { EXPECT_EQ(parse("GET / HTTP/1.0\r\n\r\n").requests.size(), 1U); }

TEST(RequestParser, TellsHowFarAnIncompleteRequestGoes) {
  EXPECT_EQ(parse("").phase, Phase::kBetweenRequests);
  EXPECT_EQ(parse("GET / HT").phase, Phase::kHead);
  EXPECT_EQ(parse(with_fields("Content-Length: 3\r\n") + "ab").phase, Phase::kBody);
  EXPECT_EQ(parse(chunked("3\r\nabc\r\n0\r\n")).phase, Phase::kBody);
}

struct Refused {
  std::string name;
  std::string input;
  int status = 400;
};
std::string name_of(const testing::TestParamInfo<Refused>& info) { return info.param.name; }

class RequestParserRefuses : public testing::TestWithParam<Refused> {};

TEST_P(RequestParserRefuses, WithTheRightStatusAndWithoutARequest) {
  const auto parsed = parse(GetParam().input);
  EXPECT_EQ(parsed.refused, GetParam().status) << parsed.reason;
  EXPECT_TRUE(parsed.requests.empty());
}

const std::string kNul(1, '\0');

INSTANTIATE_TEST_SUITE_P(
    Framing, RequestParserRefuses,
    testing::Values(Refused{"BothLengthAndCoding", with_fields("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")},
                    Refused{"BothCodingAndLength", with_fields("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n")},
                    Refused{"RepeatedLength", with_fields("Content-Length: 3\r\nContent-Length: 3\r\n")},
                    Refused{"ListOfLengths", with_fields("Content-Length: 3, 3\r\n")},
                    Refused{"NegativeLength", with_fields("Content-Length: -1\r\n")},
                    Refused{"SignedLength", with_fields("Content-Length: +1\r\n")},
                    Refused{"HexLength", with_fields("Content-Length: 0x1\r\n")},
                    Refused{"EmptyLength", with_fields("Content-Length:\r\n")},
                    Refused{"LengthAboveTheLimit", with_fields("Content-Length: 65\r\n"), 413},
                    Refused{"LengthAbove64Bits", with_fields("Content-Length: 18446744073709551617\r\n"), 413},
                    Refused{"UnknownCoding", with_fields("Transfer-Encoding: gzip\r\n"), 501},
                    Refused{"CodingBeforeChunked", with_fields("Transfer-Encoding: gzip, chunked\r\n"), 501},
                    Refused{"RepeatedCoding",
                            with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
                    Refused{"EmptyCoding", with_fields("Transfer-Encoding:\r\n")},
                    Refused{"CodingWithHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
                    Refused{"UnknownExpectation", with_fields("Expect: miracles\r\n"), 417}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Head, RequestParserRefuses,
    testing::Values(
        Refused{"BareLf", "GET / HTTP/1.1\nHost: h\n\n"}, Refused{"BareLfInAHeader", with_fields("A: b\nC: d\r\n")},
        Refused{"BareCr", with_fields("A: b\rC: d\r\n")}, Refused{"NulInAValue", with_fields("A: " + kNul + "\r\n")},
        Refused{"NulInTheTarget", "GET /" + kNul + " HTTP/1.1\r\nHost: h\r\n\r\n"}, Refused{"NulFirst", kNul},
        Refused{"TlsHandshake", "\x16\x03\x01"}, Refused{"FoldedLine", with_fields("A: b\r\n c\r\n")},
        Refused{"FoldedByTab", with_fields("A: b\r\n\tc\r\n")},
        Refused{"FirstLineFolded", "GET / HTTP/1.1\r\n Host: h\r\n\r\n"},
        Refused{"BlankBeforeTheColon", with_fields("A : b\r\n")}, Refused{"NoColon", with_fields("A\r\n")},
        Refused{"NoName", with_fields(": b\r\n")}, Refused{"NameIsNoToken", with_fields("A(): b\r\n")},
        Refused{"MissingHost", "GET / HTTP/1.1\r\n\r\n"}, Refused{"RepeatedHost", with_fields("Host: h\r\n")},
        Refused{"HostIsNoHost", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
        Refused{"HostWithPath", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
        Refused{"MethodIsNoToken", "G(T / HTTP/1.1\r\nHost: h\r\n\r\n"}, Refused{"TwoPartsOnly", "GET /\r\n\r\n"},
        Refused{"TwoBlanks", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"},
        Refused{"BlankInTheTarget", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"},
        Refused{"FragmentInTheTarget", "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n"},
        Refused{"HighByteInTheTarget", "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n"},
        Refused{"RelativeTarget", "GET a HTTP/1.1\r\nHost: h\r\n\r\n"},
        Refused{"AbsoluteTargetWithoutHost", "GET http:///a HTTP/1.1\r\nHost: h\r\n\r\n"},
        Refused{"AuthorityTarget", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n"},
        Refused{"NoVersion", "GET / HTTQ/1.1\r\nHost: h\r\n\r\n"},
        Refused{"LowerCaseVersion", "GET / http/1.1\r\nHost: h\r\n\r\n"},
        Refused{"LongVersion", "GET / HTTP/1.10\r\nHost: h\r\n\r\n"}, Refused{"Http2", "PRI * HTTP/2.0\r\n\r\n", 505},
        Refused{"Http12", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505},
        Refused{"TooManyHeaders", with_fields("A: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n"), 431},
        Refused{"TooManyBytes", with_fields("A: " + std::string(256, 'x') + "\r\n"), 431},
        Refused{"EndlessRequestLine", std::string(256, 'x'), 431}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Chunks, RequestParserRefuses,
    testing::Values(Refused{"NoSize", chunked("\r\n")}, Refused{"NegativeSize", chunked("-1\r\n")},
                    Refused{"PrefixedSize", chunked("0x1\r\na\r\n0\r\n\r\n")},
                    Refused{"BlankBeforeTheSize", chunked(" 1\r\na\r\n0\r\n\r\n")},
                    Refused{"BlankAfterTheSize", chunked("1 \r\na\r\n0\r\n\r\n")},
                    Refused{"BareLfAfterTheSize", chunked("1\na\r\n0\r\n\r\n")},
                    Refused{"BareCrInAnExtension", chunked("1;\r \r\na\r\n0\r\n\r\n")},
                    Refused{"NulInAnExtension", chunked("1;" + kNul + "\r\na\r\n0\r\n\r\n")},
                    Refused{"EndlessExtension", chunked("1;" + std::string(256, 'x'))},
                    Refused{"DataLongerThanTheSize", chunked("1\r\nab\r\n0\r\n\r\n")},
                    Refused{"BareLfAfterTheData", chunked("1\r\na\n0\r\n\r\n")},
                    Refused{"BodyAboveTheLimit", chunked("40\r\n" + std::string(64, 'x') + "\r\n1\r\n"), 413},
                    Refused{"SizeAboveTheLimit", chunked("41\r\n"), 413},
                    Refused{"SizeAbove64Bits", chunked("10000000000000001\r\n"), 413},
                    Refused{"TrailerIsNoField", chunked("0\r\nx\r\n\r\n")},
                    Refused{"TrailersAboveTheLimit", chunked("0\r\nA: " + std::string(256, 'x')), 431}),
    name_of);

TEST(RequestParser, Hs1TakesRequestsExactlyAtTheLimits) {
  const auto largest = with_fields("A: " + std::string(256 - with_fields("A: \r\n").size(), 'x') + "\r\n");
  ASSERT_EQ(largest.size(), 256U);
  EXPECT_EQ(parse(largest).requests.size(), 1U);
  EXPECT_EQ(parse(with_fields("A: b\r\nA: b\r\nA: b\r\nA: b\r\n")).requests.size(), 1U);
  EXPECT_EQ(parse(with_fields("Content-Length: 64\r\n") + std::string(64, 'x')).requests.size(), 1U);
  EXPECT_EQ(parse(chunked("40\r\n" + std::string(64, 'x') + "\r\n0\r\n\r\n")).requests.size(), 1U);
}

// Requests and refusals of all kinds, for the tests that cut them up.
std::vector<std::string> inputs() {
  return {with_fields("Content-Length: 3\r\n") + "abc" + with_fields("") + "\r\n" + with_fields("X: y\r\n"),
          chunked("3\r\nabc\r\n5;e=f\r\n01234\r\n0\r\nT: u\r\n\r\n") + chunked("0\r\n\r\n") + with_fields(""),
          with_fields("") + "GET / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n",
          with_fields("") + with_fields("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + "abc",
          chunked("3\r\nabcd\r\n0\r\n\r\n"),
          with_fields("A: " + std::string(300, 'x') + "\r\n"),
          chunked("0\r\nA: " + std::string(300, 'x') + "\r\n\r\n"),
          "\r\n\r\nGET",
          with_fields("") + "GET / HTTP/1.1\r\nHost: h\n\r\n",
          with_fields("Content-Length: 10\r\n") + "abc"};
}

TEST(RequestParser, GivesTheSameWhereverTheInputIsSplit) {
  for (const auto& input : inputs()) {
    const auto whole = parse(input);
    for (std::size_t i = 0; i <= input.size(); ++i) {
      const std::string_view text(input);
      EXPECT_EQ(parse_pieces({text.substr(0, i), text.substr(i)}, kLimits), whole) << "split at " << i << "\n" << input;
    }
  }
}

TEST(RequestParser, GivesTheSameByteByByte) {
  for (const auto& input : inputs()) {
    std::vector<std::string_view> bytes;
    for (const char& c : input) bytes.emplace_back(&c, 1);
    EXPECT_EQ(parse_pieces(bytes, kLimits), parse(input)) << input;
  }
}

TEST(RequestParser, GivesTheSameForAnySplits) {
  EXPECT_TRUE(rc::check([] {
    std::string input;
    for (const auto& part : *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(inputs()))) input += part;
    std::vector<std::string_view> pieces;
    std::string_view rest(input);
    while (!rest.empty()) {
      const auto size = std::min<std::size_t>(rest.size(), *rc::gen::inRange<std::size_t>(1, 40));
      pieces.push_back(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    RC_ASSERT(parse_pieces(pieces, kLimits) == parse(input));
  }));
}

TEST(RequestParser, StaysRefused) {
  RequestParser parser(kLimits);
  ParsedRequest parsed;
  std::string bad = "\n";
  parser.feed(bad);
  ASSERT_EQ(parser.next(parsed), Outcome::kRefused);
  parser.keep();
  auto good = with_fields("");
  parser.feed(good);
  EXPECT_EQ(parser.next(parsed), Outcome::kRefused);
}

TEST(RequestParser, AsksForContinueOnceAndOnlyBeforeTheBody) {
  RequestParser parser(kLimits);
  ParsedRequest parsed;
  auto head = with_fields("Expect: 100-Continue\r\nContent-Length: 1\r\n");
  parser.feed(head);
  EXPECT_EQ(parser.next(parsed), Outcome::kNeedMore);
  parser.keep();
  EXPECT_TRUE(parser.awaits_continue());
  parser.continue_sent();
  EXPECT_FALSE(parser.awaits_continue());
  std::string body = "x";
  parser.feed(body);
  EXPECT_EQ(parser.next(parsed), Outcome::kRequest);
  EXPECT_FALSE(parser.awaits_continue());
}

TEST(RequestParser, IgnoresExpectationsOfHttp10) {
  RequestParser parser(kLimits);
  ParsedRequest parsed;
  std::string head = "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
  parser.feed(head);
  EXPECT_EQ(parser.next(parsed), Outcome::kNeedMore);
  EXPECT_FALSE(parser.awaits_continue());
}

// Requests are views into the piece: it is told from a copy by its address.
TEST(RequestParser, CopiesNothingOfCompleteRequests) {
  RequestParser parser(kLimits);
  ParsedRequest parsed;
  auto piece = with_fields("Content-Length: 1\r\n") + "x";
  parser.feed(piece);
  ASSERT_EQ(parser.next(parsed), Outcome::kRequest);
  EXPECT_EQ(parsed.request.method.data(), piece.data());
  EXPECT_EQ(parsed.request.body.data(), &piece.back());
}

}  // namespace
}  // namespace keyfold::http
