#include "gateway/api/schema_document.h"

#include <gtest/gtest.h>

namespace keyfold::api {
namespace {

using nlohmann::json;

TEST(ParsedYaml, TellsTextsFromOtherScalars) {
  const auto value =
      parse_yaml("{a: 1, b: '1', c: true, d: 'true', e: null, f: ~, g: 1.5, h: x, i: 1e3, j: .inf, k: nan, l: }");
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, (json{{"a", 1},
                          {"b", "1"},
                          {"c", true},
                          {"d", "true"},
                          {"e", nullptr},
                          {"f", nullptr},
                          {"g", 1.5},
                          {"h", "x"},
                          {"i", 1000.0},
                          {"j", ".inf"},
                          {"k", "nan"},
                          {"l", nullptr}}));
}

TEST(ParsedYaml, IsRefusedWithItsPlace) {
  EXPECT_EQ(parse_yaml("a: 1\nb: 2\na: 3\n").error().to_string(), "the member 'a' is there twice (line 3, column 1)");
  EXPECT_EQ(parse_yaml("a: [1\n").error().where.substr(0, 6), "line 2");
}

TEST(Pointers, EscapeTildesAndSlashes) { EXPECT_EQ(escape_pointer("/v2/a~b"), "~1v2~1a~0b"); }

}  // namespace
}  // namespace keyfold::api
