#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gateway/api/schemas.h"
#include "tests/unit/api/random_json.h"

namespace keyfold::api {
namespace {

using nlohmann::json;

// The error, or "well-formed".
std::string problem(std::string_view body) {
  const auto value = parse_json(body);
  if (value) return "well-formed";
  EXPECT_EQ(value.error().code, ErrorCode::kInvalidArgument);
  return value.error().to_string();
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonBody, IsReadAsItWasWritten) {
  const auto value = parse_json(R"( {"a": [1, -2, 2.5, true, null, "x\u00e4\n"], "b": {}} )");
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, (json{{"a", {1, -2, 2.5, true, nullptr, "x\xC3\xA4\n"}}, {"b", json::object()}}));
}

TEST(JsonBody, MayBeAnyValue) {
  for (const std::string_view body : {"null", "1", "\"a\"", "[]", "{}", "true"})
    EXPECT_EQ(problem(body), "well-formed");
}

TEST(JsonBody, LetsTheLastOfRepeatedMembersCount) {
  EXPECT_EQ(*parse_json(R"({"a": {"x": 1}, "a": {"y": 2}})"), (json{{"a", {{"y", 2}}}}));
  EXPECT_EQ(*parse_json(R"({"a": [1], "a": 2})"), (json{{"a", 2}}));
}

TEST(JsonBody, IsRefusedWithTheByteWhenItIsMalformed) {
  EXPECT_EQ(problem(R"({"a": x})"), "malformed JSON (byte 6)");
  EXPECT_EQ(problem(R"({"a" 1})"), "malformed JSON (byte 5)");
  EXPECT_EQ(problem("{} x"), "malformed JSON (byte 3)");
  EXPECT_EQ(problem("{}{}"), "malformed JSON (byte 2)");
  EXPECT_EQ(problem("[1,]"), "malformed JSON (byte 3)");
  EXPECT_EQ(problem("\"a\nb\""), "malformed JSON (byte 2)");
}

TEST(JsonBody, IsRefusedWhenItEndsTooEarly) {
  EXPECT_EQ(problem(""), "the JSON ends too early (byte 0)");
  EXPECT_EQ(problem(R"({"a":)"), "the JSON ends too early (byte 5)");
  EXPECT_EQ(problem(R"("abc)"), "the JSON ends too early (byte 4)");
  EXPECT_EQ(problem("  "), "the JSON ends too early (byte 2)");
}

TEST(JsonBody, IsRefusedForWhatJsonDoesNotHave) {
  for (const std::string_view body : {"NaN", "-Infinity", "01", "+1", "1.", ".5", "'a'", "{a: 1}", "// x\n1", "0x1",
                                      "1e400", R"("\x")", R"("\uD800")", R"("\uD800\u0041")", R"("\uDC00")"}) {
    EXPECT_NE(problem(body), "well-formed") << body;
  }
}

TEST(JsonBody, IsRefusedWithAByteOrderMark) {
  EXPECT_EQ(problem("\xEF\xBB\xBF{}"), "a byte-order mark stands before the JSON (byte 0)");
}

TEST(JsonBody, IsRefusedWithANulByteWhateverFollows) {
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(problem("{}\0"sv), "malformed JSON (byte 2)");
  EXPECT_EQ(problem("{}\0x"sv), "malformed JSON (byte 2)");
  EXPECT_EQ(problem("\"\0\""sv), "malformed JSON (byte 1)");
  EXPECT_EQ(problem(R"("\u0000")"), "well-formed");
}

TEST(JsonBody, IsRefusedWithTheByteOfInvalidUtf8) {
  const std::string_view sequences[] = {
      "\x80",              // a continuation alone
      "\xC3",              // cut short
      "\xC0\xAF",          // overlong
      "\xE0\x80\xAF",      //
      "\xF0\x80\x80\xAF",  //
      "\xED\xA0\x80",      // a surrogate
      "\xF4\x90\x80\x80",  // beyond U+10FFFF
      "\xF8\x88\x80\x80",  // no such lead
      "\xE2\x82",          // cut short
      "\xFF",
  };
  for (const std::string_view sequence : sequences) {
    EXPECT_EQ(problem("{\"a\": \"x" + std::string(sequence) + "\"}"), "invalid UTF-8 (byte 8)");
  }
}

TEST(JsonBody, TakesEveryLengthOfUtf8) {
  for (const std::string_view text : {"\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEF\xBF\xBF",
                                      "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(*parse_json("\"" + std::string(text) + "\""), json(text));
  }
}

TEST(JsonBody, IsNestedAHundredLevelsAndNoMore) {
  EXPECT_EQ(problem(nested(100)), "well-formed");
  EXPECT_EQ(problem(nested(101)), "the JSON is nested deeper than 100 levels (byte 100)");
  EXPECT_EQ(problem(R"({"[[\"[": )" + nested(100) + "}"), "the JSON is nested deeper than 100 levels (byte 109)");
}

TEST(JsonBody, IsRefusedForAMillionLevelsWithoutRecursion) {
  EXPECT_EQ(problem(std::string(1'000'000, '[')), "the JSON is nested deeper than 100 levels (byte 100)");
}

TEST(JsonBody, KeepsNumbersBeyond64BitsApart) {
  EXPECT_TRUE(parse_json("18446744073709551615")->is_number_unsigned());
  EXPECT_TRUE(parse_json("18446744073709551616")->is_number_float());
  EXPECT_TRUE(parse_json("-9223372036854775808")->is_number_integer());
}

RC_GTEST_PROP(JsonBodyProperty, ComesBackAsItWasDumped, ()) {
  const json value = random_json(4);
  const auto again = parse_json(value.dump());
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == value);
}

RC_GTEST_PROP(JsonBodyProperty, IsReadOrRefusedWhenItWasCutOrChanged, ()) {
  std::string text = random_json(3).dump();
  const auto at = static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(text.size())));
  text[at] = *rc::gen::arbitrary<char>();
  text.resize(text.size() - static_cast<std::size_t>(*rc::gen::inRange(0, 2)));
  const auto value = parse_json(text);
  RC_ASSERT(value.has_value() == json::accept(text) || text.find('\0') != std::string::npos);
  RC_ASSERT(value.has_value() || value.error().where.starts_with("byte "));
}

}  // namespace
}  // namespace keyfold::api
