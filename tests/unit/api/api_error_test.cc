#include "gateway/api/api_error.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace keyfold::api {
namespace {

std::string content_type_for(std::string_view accept, const ApiError& error = key_not_found()) {
  return std::string(render_error("req_1", error, accept).content_type);
}

TEST(ApiErrorRendering, FollowsTheAcceptHeader) {
  EXPECT_EQ(content_type_for(""), "application/json");
  EXPECT_EQ(content_type_for("application/json"), "application/json");
  EXPECT_EQ(content_type_for("text/html, application/problem+json;q=0.5"), "application/problem+json");
  EXPECT_EQ(content_type_for("*/*"), "application/problem+json");
  EXPECT_EQ(content_type_for("application/*"), "application/problem+json");
}

TEST(ApiErrorRendering, SendsSchemaErrorsAsPlainJsonAlways) {
  EXPECT_EQ(content_type_for("*/*", invalid_input("bad", {{"/required", "missing: name", ""}})), "application/json");
}

TEST(ApiErrorRendering, ListsErrorsOnBadRequestsOnly) {
  const auto errors_of = [](const ApiError& error) {
    return nlohmann::json::parse(render_error("req_1", error, "").body)["error"].value("errors", nlohmann::json());
  };
  EXPECT_EQ(errors_of(invalid_input("bad")), nlohmann::json::array());
  EXPECT_EQ(errors_of(malformed_credentials()), nlohmann::json::array());
  EXPECT_EQ(errors_of(key_not_found()), nlohmann::json());
  EXPECT_EQ(errors_of(unknown_root_key()), nlohmann::json());
  EXPECT_EQ(errors_of(precondition_failed("not now")), nlohmann::json());
}

TEST(ApiErrorRendering, OmitsAnEmptyFix) {
  const auto body = nlohmann::json::parse(render_error("req_1", invalid_input("bad", {{"/a", "b", ""}}), "").body);
  EXPECT_EQ(body["error"]["errors"], nlohmann::json::parse(R"([{"message":"b","location":"/a"}])"));
}

TEST(ApiErrorRendering, TellsAnOverloadedServersClientsWhenToRetry) {
  const auto response = render_error("req_1", overloaded("full"), "");
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0], (std::pair<std::string, std::string>("Retry-After", "1")));
}

TEST(ApiErrorRendering, SurvivesInvalidUtf8InTheDetail) {
  const auto response = render_error("req_1", path_not_found("/\xff"), "");
  EXPECT_FALSE(nlohmann::json::parse(response.body, nullptr, false).is_discarded());
}

TEST(ApiErrorRendering, KeepsOurOwnTypesAsUrns) {
  const auto type_of = [](const ApiError& error) {
    return nlohmann::json::parse(render_error("req_1", error, "").body)["error"]["type"].get<std::string>();
  };
  EXPECT_EQ(type_of(overloaded("full")), "urn:keyfold:error:overloaded");
  EXPECT_EQ(type_of(key_not_found()), "https://unkey.com/docs/errors/unkey/data/key_not_found");
}

}  // namespace
}  // namespace keyfold::api
