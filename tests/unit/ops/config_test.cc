#include "ops/cli/config.h"

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <map>

namespace keyfold::ops {
namespace {

using google::protobuf::util::MessageDifferencer;

Environment variables(std::map<std::string, std::string> known) {
  return [known = std::move(known)](const std::string& name) -> std::optional<std::string> {
    const auto found = known.find(name);
    if (found == known.end()) return std::nullopt;
    return found->second;
  };
}

Result<v1::Config> parse(std::string_view text) { return parse_config(text, "test.toml", variables({{"HOME", "/h"}})); }

Error error_of(std::string_view text) {
  const auto config = parse(text);
  EXPECT_FALSE(config.has_value()) << text;
  return config ? Error{} : config.error();
}

TEST(Config, IsTheDefaultsWhenTheFileIsEmpty) {
  EXPECT_TRUE(MessageDifferencer::Equals(parse("").value(), default_config()));
}

TEST(Config, ChangesOnlyWhatTheFileSets) {
  v1::Config expected = default_config();
  expected.mutable_server()->set_port(9000);
  expected.mutable_access_log()->set_mode("all");
  EXPECT_TRUE(
      MessageDifferencer::Equals(parse("[server]\nport = 9000\n[access_log]\nmode = \"all\"\n").value(), expected));
}

TEST(Config, NamesTheNearestOptionForAnUnknownOne) {
  const Error error = error_of("[server]\n  prot = 1\n");
  EXPECT_EQ(error.what, "there is no option 'prot' in [server]");
  EXPECT_EQ(error.where, "test.toml:2:3");
  EXPECT_EQ(error.hint, "did you mean 'port'?");
}

TEST(Config, NamesTheNearestSectionForAnUnknownOne) {
  const Error error = error_of("[sever]\nport = 1\n");
  EXPECT_EQ(error.what, "there is no option 'sever'");
  EXPECT_EQ(error.where, "test.toml:1:2");
  EXPECT_EQ(error.hint, "did you mean 'server'?");
}

TEST(Config, PointsToTheExampleWhenNoNameIsNear) {
  EXPECT_EQ(error_of("[server]\ncolour = 1\n").hint, "see ops/keyfold.example.toml");
}

TEST(Config, RefusesATextWhereANumberBelongs) {
  const Error error = error_of("[server]\nport = \"80\"\n");
  EXPECT_EQ(error.what, "'port' must be a whole number");
  EXPECT_EQ(error.where, "test.toml:2:8");
}

TEST(Config, RefusesAFractionWhereAWholeNumberBelongs) {
  EXPECT_EQ(error_of("[server]\nport = 1.5\n").what, "'port' must be a whole number");
}

TEST(Config, RefusesANumberWhereATextBelongs) {
  EXPECT_EQ(error_of("data_directory = 1\n").what, "'data_directory' must be a text in quotes");
}

TEST(Config, RefusesAnOptionWhereASectionBelongs) {
  const Error error = error_of("server = 1\n");
  EXPECT_EQ(error.what, "'server' must be a section");
  EXPECT_EQ(error.where, "test.toml:1:10");
}

TEST(Config, RefusesANumberAboveItsRange) {
  const Error error = error_of("[server]\nport = 65536\n");
  EXPECT_EQ(error.what, "'port' must be between 0 and 65535, not 65536");
  EXPECT_EQ(error.where, "test.toml:2:8");
}

TEST(Config, RefusesANumberBelowItsRange) {
  EXPECT_EQ(error_of("[log]\npartitions = 0\n").what, "'partitions' must be between 1 and 1024, not 0");
}

TEST(Config, TakesTheEndsOfARange) {
  EXPECT_EQ(parse("[log]\npartitions = 1024\n").value().log().partitions(), 1024);
  EXPECT_EQ(parse("[log]\npartitions = 1\n").value().log().partitions(), 1);
}

TEST(Config, RefusesATextThatIsNoneOfTheChoices) {
  const Error error = error_of("[log]\nmissing_checkpoint = \"ignore\"\n");
  EXPECT_EQ(error.what, "'missing_checkpoint' can't be 'ignore'");
  EXPECT_EQ(error.hint, "one of: refuse, accept");
}

TEST(Config, RefusesWhatIsNotToml) {
  const Error error = error_of("[server]\nport = \n");
  EXPECT_EQ(error.what.find("this is not TOML: "), 0u) << error.what;
  EXPECT_EQ(error.where.find("test.toml:2:"), 0u) << error.where;
}

TEST(Config, PutsVariablesIntoTexts) {
  EXPECT_EQ(parse("data_directory = \"${HOME}/keyfold\"\n").value().data_directory(), "/h/keyfold");
}

TEST(Config, SaysWhereAMissingVariableIsUsed) {
  const Error error = error_of("[vault]\nmaster_key = \"${NOPE}\"\n");
  EXPECT_EQ(error.what, "the environment variable 'NOPE' is not set");
  EXPECT_EQ(error.where, "test.toml:2:14");
  EXPECT_EQ(error.hint, "set it, or write ${NOPE:-default}");
}

TEST(Config, TakesPropertiesWithDotsInTheirNamesQuotedOrNot) {
  const auto config = parse(
      "[kafka.properties]\nsecurity.protocol = \"ssl\"\n\"ssl.ca.location\" = \"${HOME}/ca.pem\"\n"
      "ssl.key.location = \"key.pem\"\n");
  ASSERT_TRUE(config) << config.error().to_string();
  const auto& properties = config->kafka().properties();
  EXPECT_EQ(properties.size(), 3u);
  EXPECT_EQ(properties.at("security.protocol"), "ssl");
  EXPECT_EQ(properties.at("ssl.ca.location"), "/h/ca.pem");
  EXPECT_EQ(properties.at("ssl.key.location"), "key.pem");
}

TEST(Config, RefusesAPropertyThatIsNoText) {
  const Error error = error_of("[kafka.properties]\nsocket.timeout.ms = 5\n");
  EXPECT_EQ(error.what, "'socket.timeout.ms' must be a text in quotes");
  EXPECT_EQ(error.where, "test.toml:2:21");
}

TEST(Config, SaysWhenThereIsNoSuchFile) {
  EXPECT_EQ(load_config("/nonexistent/keyfold.toml", variables({})).error().code, ErrorCode::kNotFound);
}

struct Expansion {
  const char* text;
  const char* expanded;
};

class Variables : public ::testing::TestWithParam<Expansion> {};

TEST_P(Variables, AreExpanded) {
  const auto environment = variables({{"A", "one"}, {"EMPTY", ""}});
  EXPECT_EQ(expand_variables(GetParam().text, environment).value(), GetParam().expanded);
}

INSTANTIATE_TEST_SUITE_P(All, Variables,
                         ::testing::Values(Expansion{"", ""}, Expansion{"plain", "plain"}, Expansion{"${A}", "one"},
                                           Expansion{"x${A}y${A}z", "xoneyonez"}, Expansion{"${B:-two}", "two"},
                                           Expansion{"${A:-two}", "one"}, Expansion{"${EMPTY}", ""},
                                           Expansion{"${EMPTY:-two}", "two"}, Expansion{"${B:-}", ""},
                                           Expansion{"$${A}", "${A}"}, Expansion{"a$b", "a$b"}, Expansion{"$", "$"},
                                           Expansion{"$$", "$"}));

TEST(ExpandVariables, RefusesABraceThatIsNotClosed) {
  EXPECT_EQ(expand_variables("${A", variables({})).error().what, "'${' has no '}'");
}

}  // namespace
}  // namespace keyfold::ops
