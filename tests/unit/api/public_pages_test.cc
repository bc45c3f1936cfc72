#include "gateway/api/public_pages.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "gateway/api/schema_document.h"
#include "gateway/api/schemas.h"

namespace keyfold::api {
namespace {

http::Response get(std::string_view path) {
  for (const PublicPage& page : public_pages()) {
    if (page.path == path) return page.render("req_123456789");
  }
  return {.status = 404};
}

TEST(PublicPages, TheOpenApiDocumentIsTheSameInJsonAsInYaml) {
  EXPECT_EQ(nlohmann::json::parse(get("/openapi.json").body), parse_yaml(get("/openapi.yaml").body).value());
  EXPECT_EQ(get("/openapi.yaml").body, openapi_document());
}

TEST(PublicPages, TheReferenceLoadsNothingButThisServersOwnPages) {
  const std::regex address(R"re((?:href|src)="([^"]*)"|fetch\('([^']*)'\)|https?://)re");
  int found = 0;
  for (const char* path : {"/reference", "/reference/page.css", "/reference/page.js"}) {
    const http::Response page = get(path);
    ASSERT_EQ(page.status, 200) << path;
    for (std::sregex_iterator at(page.body.begin(), page.body.end(), address), end; at != end; ++at) {
      const std::string target = (*at)[1].matched ? (*at)[1] : (*at)[2];
      EXPECT_EQ(get(target).status, 200) << path << " loads '" << at->str() << "'";
      ++found;
    }
  }
  EXPECT_GE(found, 4);
}

TEST(PublicPages, TheReferenceMayNotBeFramedNorRunForeignScripts) {
  for (const auto& [name, value] : get("/reference").headers) {
    if (name == "Content-Security-Policy") {
      EXPECT_EQ(value, "default-src 'self'; frame-ancestors 'none'");
      return;
    }
  }
  FAIL() << "no Content-Security-Policy";
}

}  // namespace
}  // namespace keyfold::api
