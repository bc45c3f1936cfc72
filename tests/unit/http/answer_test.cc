#include "gateway/http/answer.h"

#include <gtest/gtest.h>

namespace keyfold::http {
namespace {

std::string render(const Response& response, const AnswerFraming& framing = {}) {
  std::string out;
  append_answer(out, response, framing, "now");
  return out;
}

TEST(Answer, HasLengthDateAndBody) {
  EXPECT_EQ(render({.body = "{}", .headers = {{"X-A", "b"}}}),
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nDate: now\r\nX-A: b\r\n\r\n{}");
}

TEST(Answer, ToHeadHasTheLengthWithoutTheBody) {
  const auto text = render({.body = "abc"}, {.head_only = true});
  EXPECT_NE(text.find("Content-Length: 3\r\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

TEST(Answer, SaysWhenTheConnectionCloses) {
  EXPECT_NE(render({}, {.close = true, .http_1_0 = true}).find("Connection: close\r\n"), std::string::npos);
}

TEST(Answer, SaysToHttp10ThatTheConnectionStays) {
  EXPECT_NE(render({}, {.http_1_0 = true}).find("Connection: keep-alive\r\n"), std::string::npos);
}

TEST(Answer, OfNoContentHasNeitherLengthNorBody) {
  EXPECT_EQ(render({.status = 204, .body = "x"}), "HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n");
}

TEST(Answer, TakesAnyStatus) { EXPECT_TRUE(render({.status = 299}).starts_with("HTTP/1.1 299 \r\n")); }

TEST(Answer, LeavesHeadersOutThatBreakTheFraming) {
  EXPECT_EQ(render({.status = 204, .headers = {{"A", "b\r\nC: d"}, {"A b", "c"}, {"", "c"}}}),
            "HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n");
}

TEST(DateCache, FormatsAsHttpWants) {
  DateCache cache;
  EXPECT_EQ(cache.at(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(cache.at(784111778), "Sun, 06 Nov 1994 08:49:38 GMT");
}

TEST(Request, TakesTheFirstForwardedAddressAsTheClients) {
  Request request{.peer = "10.0.0.1"};
  EXPECT_EQ(request.client_ip(), "10.0.0.1");
  const std::pair<std::string_view, std::string_view> cases[] = {
      {" , [2001:db8::1]:80, 1.2.3.4", "2001:db8::1"},
      {"2001:db8::1, 1.2.3.4", "2001:db8::1"},
      {"[2001:db8::1]", "2001:db8::1"},
      {"[2001:db8::1]:", "2001:db8::1"},
      {"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
      {"1.2.3.4:5678", "1.2.3.4"},
      {"\t1.2.3.4 ,5.6.7.8", "1.2.3.4"},
      {"[2001:db8::1", "[2001:db8::1"},  // no address: on nobody's list
      {" , ,", "10.0.0.1"},
      {"", "10.0.0.1"},
  };
  for (const auto& [header, want] : cases) {
    request.headers = {{"x-forwarded-for", header}};
    EXPECT_EQ(request.client_ip(), want) << header;
  }
  request.headers = {{"X-Forwarded-For", ","}, {"Host", "1.1.1.1"}, {"X-FORWARDED-FOR", "1.2.3.4"}};
  EXPECT_EQ(request.client_ip(), "1.2.3.4");
}

}  // namespace
}  // namespace keyfold::http
