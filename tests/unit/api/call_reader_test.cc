#include "gateway/api/call_reader.h"

#include <gtest/gtest.h>

namespace keyfold::api {
namespace {

const projections::RootKeyIndex kNobody;

std::string_view refusal_of(std::string_view authorization) {
  const auto root_key = authenticate(authorization, kNobody, 0);
  return root_key ? "" : root_key.error().type;
}

TEST(Authentication, Kg5WantsTheBearerSchemeAndAToken) {
  for (const auto header : {"Basic abc", "unkey_abc", "Bearer", "Bearer ", "Bearerunkey_abc", "Bearer\tabc", "  "}) {
    EXPECT_EQ(refusal_of(header), "unkey/authentication/malformed") << header;
  }
}

TEST(Authentication, TrimsBlanksBeforeItLooksUp) {
  for (const auto header : {"Bearer abc", "bearer abc", "Bearer    abc", "  Bearer abc  "}) {
    EXPECT_EQ(refusal_of(header), "unkey/authentication/key_not_found") << header;
  }
}

TEST(Headers, AreFoundInAnyLetterCaseAndTheFirstCounts) {
  const http::Request request{.headers = {{"authorization", "one"},
                                          {"AUTHORIZATION", "two"},
                                          {"content-type", "text/plain"},
                                          {"x-request-id", "r"},
                                          {"x-keyfold-position", "1:2"}}};
  const Headers headers = read_headers(request);
  EXPECT_EQ(headers.authorization, "one");
  EXPECT_EQ(headers.content_type, "text/plain");
  EXPECT_EQ(headers.request_id, "r");
  EXPECT_EQ(headers.position, "1:2");
  EXPECT_EQ(headers.idempotency_key, "");
}

TEST(ContentType, IsJsonWhateverItsParameters) {
  EXPECT_TRUE(is_json("application/json"));
  EXPECT_TRUE(is_json("Application/JSON; charset=utf-8"));
  EXPECT_FALSE(is_json(""));
  EXPECT_FALSE(is_json("text/plain"));
  EXPECT_FALSE(is_json("application/json5"));
}

}  // namespace
}  // namespace keyfold::api
