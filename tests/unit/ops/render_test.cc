#include <gtest/gtest.h>

#include "ops/cli/first_steps.h"
#include "ops/cli/text_table.h"

namespace keyfold::ops {
namespace {

const std::vector<Column> kColumns = {{"ID", "id"}, {"NAME", "name"}, {"CREATED", "createdAt"}};

TEST(TextTable, AlignsItsColumns) {
  EXPECT_EQ(text_table({{{"id", "a"}, {"name", "longer"}, {"createdAt", 0}}, {{"id", "bcd"}, {"name", "x"}}}, kColumns),
            "ID   NAME    CREATED\n"
            "a    longer  1970-01-01T00:00:00Z\n"
            "bcd  x       -\n");
}

TEST(TextTable, ShowsTitlesWhenThereIsNothing) {
  EXPECT_EQ(text_table(nlohmann::ordered_json::array(), kColumns), "ID  NAME  CREATED\n");
}

TEST(TextTable, JoinsArrays) { EXPECT_EQ(text_table({{{"id", {"a", "b"}}}}, {{"ID", "id"}}), "ID\na,b\n"); }

TEST(TextTable, LetsNoNameSteerTheTerminal) {
  EXPECT_EQ(text_table({{{"name", "a\x1b[31m\nb"}}}, {{"NAME", "name"}}), "NAME\na?[31m?b\n");
}

TEST(FirstSteps, AreThreeLinesThatChain) {
  const std::string steps = first_steps("http://127.0.0.1:1", "unkey_x");
  EXPECT_EQ(std::count(steps.begin(), steps.end(), '\n'), 3);
  const auto create_api = steps.find("curl -s http://127.0.0.1:1/v2/apis.createApi -H 'Authorization: Bearer unkey_x'");
  const auto create_key = steps.find(R"('{"apiId":"'"$API"'",)");
  const auto verify_key = steps.find(R"('{"key":"'"$KEY"'"}')");
  EXPECT_LT(create_api, create_key);
  EXPECT_LT(create_key, verify_key);
  EXPECT_NE(verify_key, std::string::npos);
}

}  // namespace
}  // namespace keyfold::ops
