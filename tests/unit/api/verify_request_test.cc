#include "gateway/api/key/verify_request.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gateway/api/schemas.h"

namespace keyfold::api {
namespace {

TEST(PlainVerifyRequest, HoldsKeyPermissionsAndCost) {
  const auto request = parse_plain_verify_request(R"({"permissions":"a AND b","key":"sk_1","credits":{"cost":7}})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->key, "sk_1");
  EXPECT_EQ(request->permissions, "a AND b");
  EXPECT_EQ(request->cost, 7);
}

TEST(PlainVerifyRequest, CostsOneCreditByDefault) {
  EXPECT_EQ(parse_plain_verify_request(R"({"key":"sk_1"})")->cost, 1);
}

TEST(PlainVerifyRequest, DecodesEscapes) {
  EXPECT_EQ(parse_plain_verify_request(R"({"k\u0065y":"a\"b"})")->key, "a\"b");
}

TEST(PlainVerifyRequest, HoldsRatelimitsAndTags) {
  const auto request = parse_plain_verify_request(
      R"({"key":"a","ratelimits":[{"name":"abc"},{"limit":5,"duration":1000,"cost":0,"name":"über"}],"tags":["x=y",""]})");
  EXPECT_FALSE(request) << "an empty tag is for the schema to refuse";
  const auto good = parse_plain_verify_request(
      R"({"key":"a","ratelimits":[{"name":"abc"},{"limit":5,"duration":1000,"cost":0,"name":"über"}],"tags":["x=y","ß"]})");
  ASSERT_TRUE(good);
  ASSERT_EQ(good->ratelimits.size(), 2u);
  EXPECT_EQ(good->ratelimits[0].name, "abc");
  EXPECT_EQ(good->ratelimits[0].cost, 1);
  EXPECT_FALSE(good->ratelimits[0].is_inline());
  EXPECT_EQ(good->ratelimits[1].name, "über");
  EXPECT_EQ(good->ratelimits[1].cost, 0);
  EXPECT_EQ(good->ratelimits[1].limit, 5);
  EXPECT_EQ(good->ratelimits[1].duration_ms, 1'000);
  EXPECT_EQ(good->tags, (std::vector<std::string_view>{"x=y", "ß"}));
}

TEST(PlainVerifyRequest, CountsCharactersAsTheSchemaDoes) {
  const auto with_tag = [](const std::string& tag) {
    return parse_plain_verify_request(R"({"key":"a","tags":[")" + tag + R"("]})").has_value();
  };
  const auto with_name = [](const std::string& name) {
    return parse_plain_verify_request(R"({"key":"a","ratelimits":[{"name":")" + name + R"("}]})").has_value();
  };
  const auto repeat = [](std::string_view text, int times) {
    std::string all;
    for (; times > 0; --times) all += text;
    return all;
  };
  EXPECT_TRUE(with_tag(repeat("☺", 512)));
  EXPECT_FALSE(with_tag(repeat("☺", 513)));
  EXPECT_TRUE(with_name(repeat("☺", 255)));
  EXPECT_FALSE(with_name(repeat("☺", 256)));
  EXPECT_TRUE(with_name("ßßß"));
  EXPECT_FALSE(with_name("ßß"));
}

/// Values that a member may be given, by right or not.
std::string any_value() {
  return *rc::gen::element<std::string>("\"\"", "\"a\"", "\"ab\"", "\"abc\"", "\"\u00fc\u00fc\"", "\"x.y AND z\"", "0",
                                        "1", "-1", "999", "1000", "1.0", "1e3", "9223372036854775807",
                                        "9223372036854775808", "1000000000001", "null", "true", "[]", "{}", "[\"t\"]",
                                        "[\"\"]", "[\"abc\",\"\u263a\"]");
}

std::string any_object(std::initializer_list<std::string> names) {
  std::string object = "{";
  for (int left = *rc::gen::inRange(0, 4); left > 0; --left) {
    if (object.size() > 1) object += ",";
    object += "\"" + *rc::gen::elementOf(std::vector<std::string>(names)) + "\":" + any_value();
  }
  return object + "}";
}

std::string any_member() {
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      return "\"key\":\"abc\"";
    case 1:
      return "\"credits\":" + any_object({"cost", "cost", "cost", "more"});
    case 2:
      return "\"ratelimits\":[" + any_object({"name", "name", "cost", "limit", "duration", "more"}) + "]";
    case 3:
      return "\"ratelimits\":[{\"name\":\"abc\",\"limit\":" + any_value() + ",\"duration\":" + any_value() + "}]";
    default:
      return "\"" +
             *rc::gen::element<std::string>("key", "permissions", "tags", "credits", "ratelimits", "migrationId") +
             "\":" + any_value();
  }
}

RC_GTEST_PROP(PlainVerifyRequestProperty, IsValidByTheSchemaAndMeansTheSameThere, ()) {
  static const RequestSchemas kSchemas = *RequestSchemas::from_openapi(openapi_document());
  std::string body = "{\"key\":\"k\"";
  for (int left = *rc::gen::inRange(0, 4); left > 0; --left) body += "," + any_member();
  body += "}";
  const auto plain = parse_plain_verify_request(body);
  RC_TAG(plain ? "plain" : "other");
  if (!plain) return;
  Call call;
  call.body = *parse_json(body);
  RC_ASSERT(kSchemas.validate("/v2/keys.verifyKey", call.body).empty());
  RC_ASSERT(verify_request_of(call) == *plain);
}

class OtherForm : public ::testing::TestWithParam<std::string> {};

TEST_P(OtherForm, IsLeftToTheSchema) { EXPECT_FALSE(parse_plain_verify_request(GetParam())); }

INSTANTIATE_TEST_SUITE_P(
    PlainVerifyRequest, OtherForm,
    ::testing::Values(
        "", "{}", "[]", "null", R"("key")", R"({"key":""})", R"({"key":1})", R"({"key":null})",
        R"({"key":"a","key":"b"})", R"({"key":"a","permissions":""})", R"({"key":"a","tags":"x=y"})",
        R"({"key":"a","tags":[1]})", R"({"key":"a","tags":null})", R"({"key":"a","tags":["a"],"tags":["b"]})",
        R"({"key":"a","tags":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21]})",
        R"({"key":"a","ratelimits":{}})", R"({"key":"a","ratelimits":["abc"]})", R"({"key":"a","ratelimits":[{}]})",
        R"({"key":"a","ratelimits":[{"name":"ab"}]})", R"({"key":"a","ratelimits":[{"name":1}]})",
        R"({"key":"a","ratelimits":[{"name":"abc","name":"abc"}]})",
        R"({"key":"a","ratelimits":[{"name":"abc","more":1}]})",
        R"({"key":"a","ratelimits":[{"name":"abc","cost":-1}]})",
        R"({"key":"a","ratelimits":[{"name":"abc","cost":1.5}]})",
        R"({"key":"a","ratelimits":[{"name":"abc","cost":null}]})",
        R"({"key":"a","ratelimits":[{"name":"abc","cost":1,"cost":1}]})",
        R"({"key":"a","ratelimits":[{"name":"abc","limit":0,"duration":1000}]})",
        R"({"key":"a","ratelimits":[{"name":"abc","limit":1,"duration":999}]})",
        R"({"key":"a","ratelimits":[{"name":"abc","limit":9223372036854775808}]})",
        R"({"key":"a","ratelimits":[],"ratelimits":[]})", R"({"key":"a","migrationId":"m"})",
        R"({"key":"a","credits":{}})", R"({"key":"a","credits":{"cost":-1}})", R"({"key":"a","credits":{"cost":1.5}})",
        R"({"key":"a","credits":{"cost":1,"more":1}})", R"({"key":"a","credits":{"cost":1000000000001}})",
        R"({"key":"a","credits":null})", R"({"key":"a"} x)", R"({"key":"a")", "{\"key\":\"\xff\"}",
        R"({"key":"a","permissions":"a","permissions":"b"})", "\xEF\xBB\xBF{\"key\":\"a\"}",
        "{\"key\":\"" + std::string(513, 'a') + "\"}",
        "{\"key\":\"a\",\"permissions\":\"" + std::string(1001, 'a') + "\"}"));

}  // namespace
}  // namespace keyfold::api
