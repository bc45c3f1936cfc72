#include "gateway/api/schemas.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "gateway/api/nearest_name.h"
#include "tests/unit/api/random_json.h"

namespace keyfold::api {
namespace {

using nlohmann::json;

// A document whose only operation takes a body of that schema, given as JSON, which is YAML.
std::string document(std::string_view schema) {
  return R"({"paths": {"/p": {"post": {"requestBody": {"content": {"application/json": {"schema": )" +
         std::string(schema) +
         R"(}}}}}}, "components": {"schemas": {"Name": {"type": "string", "minLength": 2}, "Loop": {"items": {"$ref":
         "#/components/schemas/Loop"}}}}})";
}

RequestSchemas compile(std::string_view schema) {
  auto schemas = RequestSchemas::from_openapi(document(schema));
  EXPECT_TRUE(schemas) << schema << ": " << schemas.error().to_string();
  return *std::move(schemas);
}

std::vector<FieldError> errors_of(std::string_view schema, std::string_view body) {
  const auto value = parse_json(body);
  EXPECT_TRUE(value) << body;
  return compile(schema).validate("/p", *value);
}

// The locations of all errors, joined by blanks.
std::string locations(std::string_view schema, std::string_view body) {
  std::string joined;
  for (const FieldError& error : errors_of(schema, body)) joined += (joined.empty() ? "" : " ") + error.location;
  return joined;
}

struct SchemaCase {
  std::string_view schema;
  std::string_view body;
  std::string_view want;  // locations; empty: valid
};

void expect_all(const std::vector<SchemaCase>& cases) {
  for (const auto& [schema, body, want] : cases) EXPECT_EQ(locations(schema, body), want) << schema << " on " << body;
}

TEST(Schemas, JudgeTypes) {
  expect_all({{R"({"type": "string"})", R"("a")", ""},
              {R"({"type": "string"})", "1", "/type"},
              {R"({"type": "string"})", "null", "/type"},
              {R"({"type": ["string", "null"]})", "null", ""},
              {R"({"type": "string", "nullable": true})", "null", ""},
              {R"({"type": "object"})", "[]", "/type"},
              {R"({"type": "array"})", "{}", "/type"},
              {R"({"type": "boolean"})", "0", "/type"},
              {R"({"type": "number"})", "1.5", ""},
              {R"({"type": "number"})", "1", ""},
              {"{}", "[null]", ""}});
}

TEST(Schemas, TakeNumbersWithoutAFractionAsIntegers) {
  expect_all({{R"({"type": "integer"})", "5", ""},
              {R"({"type": "integer"})", "5.0", ""},
              {R"({"type": "integer"})", "5e0", ""},
              {R"({"type": "integer"})", "-0.0", ""},
              {R"({"type": "integer"})", "5.5", "/type"},
              {R"({"type": "integer"})", R"("5")", "/type"}});
}

TEST(Schemas, BindIntegersTo64Bits) {
  expect_all({{R"({"type": "integer"})", "9223372036854775807", ""},
              {R"({"type": "integer"})", "-9223372036854775808", ""},
              {R"({"type": "integer"})", "9223372036854775808", "/maximum"},
              {R"({"type": "integer"})", "18446744073709551616", "/maximum"},
              {R"({"type": "integer"})", "9.3e18", "/maximum"},
              {R"({"type": "integer"})", "1e300", "/maximum"},
              {R"({"type": "integer"})", "-1e300", "/minimum"},
              {R"({"type": "number"})", "1e300", ""}});
}

TEST(Schemas, CompareBoundsExactly) {
  expect_all({{R"({"minimum": 3})", "2", "/minimum"},
              {R"({"minimum": 3})", "3", ""},
              {R"({"maximum": 3})", "3.0000001", "/maximum"},
              {R"({"exclusiveMinimum": 3})", "3", "/exclusiveMinimum"},
              {R"({"exclusiveMaximum": 3})", "3", "/exclusiveMaximum"},
              {R"({"exclusiveMaximum": 3})", "2.9", ""},
              {R"({"maximum": 9007199254740992})", "9007199254740993", "/maximum"},
              {R"({"maximum": 9007199254740993})", "9007199254740993", ""},
              {R"({"minimum": 0})", "18446744073709551615", ""}});
}

TEST(Schemas, CountCodePoints) {
  expect_all({{R"({"minLength": 2})", R"("a")", "/minLength"},
              {R"({"minLength": 2})", R"("ab")", ""},
              {R"({"maxLength": 2})", R"("abc")", "/maxLength"},
              {R"({"maxLength": 2})", "\"\xC3\xA4\xF0\x9F\x98\x80\"", ""},
              {R"({"minLength": 2})", R"("\uD83D\uDE00")", "/minLength"}});
}

TEST(Schemas, FindPatternsAnywhereUnlessAnchored) {
  expect_all({{R"({"pattern": "b"})", R"("abc")", ""},
              {R"({"pattern": "^[a-z]+$"})", R"("abc")", ""},
              {R"({"pattern": "^[a-z]+$"})", R"("ab1")", "/pattern"},
              {R"({"pattern": "^[a-z]+$"})", R"("ab\n")", "/pattern"},
              {R"({"pattern": "^[a-z]+$"})", R"("ab\u0000")", "/pattern"}});
}

TEST(Schemas, JudgeArrays) {
  expect_all({{R"({"minItems": 1})", "[]", "/minItems"},
              {R"({"maxItems": 1})", "[1, 2]", "/maxItems"},
              {R"({"items": {"type": "string"}})", R"(["a", 1, "b", null])", "/items/type /items/type"}});
}

TEST(Schemas, JudgeObjects) {
  constexpr std::string_view kClosed = R"({"type": "object", "additionalProperties": false, "required": ["a", "b"],
      "properties": {"a": {"type": "string"}, "b": {}, "c": {}}})";
  expect_all({{kClosed, R"({"a": "x", "b": 1})", ""},
              {kClosed, R"({"b": 1})", "/required"},
              {kClosed, "{}", "/required"},
              {kClosed, R"({"a": 1, "b": 1})", "/properties/a/type"},
              {kClosed, R"({"a": "x", "b": 1, "d": 2})", "/additionalProperties"},
              {R"({"properties": {"a": {}}})", R"({"d": 2})", ""},
              {R"({"additionalProperties": true, "maxProperties": 1})", R"({"a": 1, "b": 2})", "/maxProperties"}});
}

TEST(Schemas, CountAMemberThatIsNullAsPresent) { expect_all({{R"({"required": ["a"]})", R"({"a": null})", ""}}); }

TEST(Schemas, JudgeEnumAndConst) {
  expect_all({{R"({"enum": ["daily", "monthly"]})", R"("daily")", ""},
              {R"({"enum": ["daily", "monthly"]})", R"("weekly")", "/enum"},
              {R"({"const": 1})", "1", ""},
              {R"({"const": 1})", "2", "/const"}});
}

TEST(Schemas, JudgeCombinations) {
  constexpr std::string_view kAny = R"({"anyOf": [{"type": "string"}, {"type": "integer"}]})";
  constexpr std::string_view kOne = R"({"oneOf": [{"minimum": 1}, {"maximum": 5}]})";
  expect_all({{R"({"allOf": [{"minimum": 1}, {"maximum": 5}]})", "9", "/allOf/1/maximum"},
              {kAny, "1", ""},
              {kAny, "null", "/anyOf"},
              {kOne, "9", ""},
              {kOne, "3", "/oneOf"}});
}

TEST(Schemas, FollowReferencesWithoutNamingThem) {
  expect_all({{R"({"properties": {"n": {"$ref": "#/components/schemas/Name", "description": "x"}}})", R"({"n": "a"})",
               "/properties/n/minLength"}});
}

TEST(Schemas, EscapeNamesInLocations) {
  expect_all({{R"({"properties": {"a/b~": {"type": "string"}}})", R"({"a/b~": 1})", "/properties/a~1b~0/type"}});
}

TEST(Schemas, ReportEverythingAtOnceButNothingBehindAWrongType) {
  constexpr std::string_view kSchema = R"({"properties": {"a": {"type": "string", "minLength": 3, "pattern": "^x"},
      "b": {"type": "string", "minLength": 3}, "c": {"type": "integer", "minimum": 3}}})";
  EXPECT_EQ(locations(kSchema, R"({"a": "y", "b": 1, "c": 1})"),
            "/properties/a/minLength /properties/a/pattern /properties/b/type /properties/c/minimum");
}

TEST(Schemas, ReportTwentyErrorsAtMost) {
  EXPECT_EQ(errors_of(R"({"items": {"type": "string"}})", json(std::vector<int>(1000, 1)).dump()).size(), 20U);
}

TEST(FieldErrors, NameTheElementThatIsWrong) {
  const auto errors =
      errors_of(R"({"properties": {"limits": {"items": {"properties": {"duration": {"minimum": 1000}}}}}})",
                R"({"limits": [{"duration": 1000}, {"duration": 5}]})");
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].location, "/properties/limits/items/properties/duration/minimum");
  EXPECT_EQ(errors[0].message, "body.limits[1].duration: must be at least 1000, is 5");
  EXPECT_EQ(errors[0].fix, "Send a number that is at least 1000.");
}

TEST(FieldErrors, NameAllMissingMembersInOne) {
  const auto errors = errors_of(R"({"required": ["name", "slug"]})", "{}");
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].message, "body: lacks `name`, `slug`");
  EXPECT_EQ(errors[0].fix, "Add `name`, `slug`.");
}

TEST(FieldErrors, SuggestTheNearestKnownMember) {
  constexpr std::string_view kSchema = R"({"additionalProperties": false, "properties": {"name": {}, "prefix": {}}})";
  EXPECT_EQ(errors_of(kSchema, R"({"nmae": 1})").at(0).fix, "Did you mean `name`?");
  EXPECT_EQ(errors_of(kSchema, R"({"Prefix": 1})").at(0).fix, "Did you mean `prefix`?");
  EXPECT_EQ(errors_of(kSchema, R"({"owner": 1})").at(0).fix, "Leave it out. The members are name, prefix.");
}

TEST(FieldErrors, CutLongNamesBetweenCodePoints) {
  std::string name = "x";
  for (int i = 0; i < 100; ++i) name += "\xC3\xA4";
  const auto errors = errors_of(R"({"additionalProperties": false})", json{{name, 1}}.dump());
  EXPECT_EQ(errors.at(0).message, "body: has the unknown member `" + name.substr(0, 63) + "...`");
}

TEST(FieldErrors, DoNotRepeatTextsOfTheBody) {
  for (const FieldError& error : errors_of(
           R"({"properties": {"key": {"maxLength": 3, "pattern": "^x", "enum": ["a"]}}})", R"({"key": "secret"})")) {
    EXPECT_EQ((error.message + error.fix).find("secret"), std::string::npos) << error.message;
  }
}

TEST(FieldErrors, SayWhatTypesAreAllowed) {
  EXPECT_EQ(errors_of(R"({"type": ["integer", "null"]})", "1.5").at(0).message,
            "body: must be a whole number or null, is a number with a fraction");
  EXPECT_EQ(errors_of(R"({"type": "number"})", "true").at(0).message, "body: must be a number, is true");
}

TEST(OpenApiDocuments, AreRefusedWithThePlaceOfWhatIsNotSupported) {
  constexpr std::string_view kAt = "/paths/~1p/post/requestBody/content/application~1json/schema";
  const std::pair<std::string_view, std::string> cases[] = {
      {R"({"uniqueItems": true})", "/uniqueItems"},
      {R"({"properties": {"a": {"not": {}}}})", "/properties/a/not"},
      {R"({"items": {"additionalProperties": {"type": "string"}}})", "/items/additionalProperties"},
      {R"({"pattern": "(?=a)b"})", "/pattern"},
      {R"({"type": "text"})", "/type"},
      {R"({"minLength": -1})", "/minLength"},
      {R"({"minLength": "3"})", "/minLength"},
      {R"({"maximum": "3"})", "/maximum"},
      {R"({"required": "name"})", "/required"},
      {R"({"anyOf": []})", "/anyOf"},
      {R"({"$ref": "#/components/schemas/Name", "minLength": 1})", "/minLength"},
      {R"({"$ref": "other.yaml"})", "/$ref"},
  };
  for (const auto& [schema, where] : cases) {
    const auto schemas = RequestSchemas::from_openapi(document(schema));
    ASSERT_FALSE(schemas) << schema;
    EXPECT_EQ(schemas.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(schemas.error().where, std::string(kAt) + where) << schemas.error().to_string();
  }
}

TEST(OpenApiDocuments, AreRefusedForReferencesThatLeadNowhereOrInACircle) {
  for (const std::string_view name : {"Absent", "Loop"}) {
    const auto schemas =
        RequestSchemas::from_openapi(document(R"({"$ref": "#/components/schemas/)" + std::string(name) + "\"}"));
    ASSERT_FALSE(schemas);
    EXPECT_EQ(schemas.error().where, "/components/schemas/" + std::string(name));
  }
}

TEST(OpenApiDocuments, AreRefusedWhenTheyAreNoneWithoutThrowing) {
  for (const std::string_view text :
       {"", "[", "a: b: c", "a: 1\na: 2", "paths: 1", "{[1]: 2}", "*x", "--- !!binary x"}) {
    EXPECT_FALSE(RequestSchemas::from_openapi(text)) << text;
  }
}

TEST(OpenApiDocuments, MayHaveOtherMethodsAndExtensions) {
  const auto schemas = RequestSchemas::from_openapi(
      R"({"paths": {"/g": {"get": {}}, "/p": {"post": {"requestBody": {"content": {"application/json": {"schema":
         {"x-mine": 1, "format": "int64", "default": 3, "example": 4}}}}}}}})");
  ASSERT_TRUE(schemas) << schemas.error().to_string();
  EXPECT_EQ(schemas->paths(), std::vector<std::string>{"/p"});
}

TEST(NearestName, IsTheOneWithTheFewestChanges) {
  constexpr std::string_view kKnown[] = {"name", "enabled", "externalId", "expires"};
  EXPECT_EQ(nearest_name("external_id", kKnown), "externalId");
  EXPECT_EQ(nearest_name("ENABLED", kKnown), "enabled");
  EXPECT_EQ(nearest_name("expire", kKnown), "expires");
  EXPECT_EQ(nearest_name("colour", kKnown), "");
  EXPECT_EQ(nearest_name("", kKnown), "");
  EXPECT_EQ(nearest_name(std::string(1000, 'n'), kKnown), "");
}

// What holds for any value: at most 20 errors, each complete and of valid text.
RC_GTEST_PROP(SchemasProperty, ExplainAnyJson, ()) {
  static const RequestSchemas kSchemas = *RequestSchemas::from_openapi(openapi_document());
  const std::string path = *rc::gen::elementOf(kSchemas.paths());
  const auto errors = kSchemas.validate(path, random_json(3));
  RC_ASSERT(errors.size() <= 20U);
  for (const FieldError& error : errors) {
    RC_ASSERT(error.location.starts_with("/"));
    RC_ASSERT(error.message.starts_with("body"));
    RC_ASSERT(!error.fix.empty());
    RC_ASSERT(parse_json(json(error.message).dump()).has_value());
  }
}

}  // namespace
}  // namespace keyfold::api
