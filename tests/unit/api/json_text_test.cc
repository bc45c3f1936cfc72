#include "gateway/api/json_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <nlohmann/json.hpp>

namespace keyfold::api {
namespace {

std::string as_json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonText, EscapesWhatJsonMustNotHoldAndNothingElse) {
  EXPECT_EQ(as_json(""), "\"\"");
  EXPECT_EQ(as_json("plain / ünïcode \U0001F511"), "\"plain / ünïcode \U0001F511\"");
  EXPECT_EQ(as_json("\"\\\n\r\t\b"), R"("\"\\\n\r\t\u0008")");
  EXPECT_EQ(as_json(std::string_view("\0", 1)), R"("\u0000")");
}

RC_GTEST_PROP(JsonText, ParsesBackToTheSameText, ()) {
  const auto bytes = *rc::gen::container<std::string>(rc::gen::inRange<char>(0, 127));
  RC_ASSERT(nlohmann::json::parse(as_json(bytes)).get<std::string>() == bytes);
}

}  // namespace
}  // namespace keyfold::api
