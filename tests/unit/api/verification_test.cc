#include "gateway/api/key/verification.h"

#include <gtest/gtest.h>

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

class OtherForm : public ::testing::TestWithParam<std::string> {};

TEST_P(OtherForm, IsLeftToTheSchema) { EXPECT_FALSE(parse_plain_verify_request(GetParam())); }

INSTANTIATE_TEST_SUITE_P(PlainVerifyRequest, OtherForm,
                         ::testing::Values("", "{}", "[]", "null", R"("key")", R"({"key":""})", R"({"key":1})",
                                           R"({"key":null})", R"({"key":"a","key":"b"})",
                                           R"({"key":"a","permissions":""})", R"({"key":"a","tags":["x=y"]})",
                                           R"({"key":"a","credits":{}})", R"({"key":"a","credits":{"cost":-1}})",
                                           R"({"key":"a","credits":{"cost":1.5}})",
                                           R"({"key":"a","credits":{"cost":1,"more":1}})",
                                           R"({"key":"a","credits":{"cost":1000000000001}})",
                                           R"({"key":"a","credits":null})", R"({"key":"a"} x)", R"({"key":"a")",
                                           "{\"key\":\"\xff\"}", R"({"key":"a","permissions":"a","permissions":"b"})",
                                           "\xEF\xBB\xBF{\"key\":\"a\"}", "{\"key\":\"" + std::string(513, 'a') + "\"}",
                                           "{\"key\":\"a\",\"permissions\":\"" + std::string(1001, 'a') + "\"}"));

}  // namespace
}  // namespace keyfold::api
