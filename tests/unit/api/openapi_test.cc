#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <set>

#include "gateway/api/endpoint.h"
#include "gateway/api/schema_compiler.h"
#include "gateway/api/schema_document.h"
#include "gateway/api/schema_validator.h"
#include "gateway/api/schemas.h"

namespace keyfold::api {
namespace {

using nlohmann::json;

const json& document() {
  static const json kDocument = parse_yaml(openapi_document()).value_or(json());
  return kDocument;
}

const RequestSchemas& schemas() {
  static const RequestSchemas kSchemas = *RequestSchemas::from_openapi(openapi_document());
  return kSchemas;
}

std::string render(const std::vector<FieldError>& errors) {
  std::string text;
  for (const FieldError& error : errors) text += error.location + ": " + error.message + "\n";
  return text;
}

// Calls with every object of the document and its pointer.
void visit_objects(const json& value, const std::string& pointer,
                   const std::function<void(const json&, std::string)>& call) {
  if (value.is_object()) call(value, pointer);
  if (!value.is_structured()) return;
  for (const auto& [name, child] : value.items()) visit_objects(child, pointer + "/" + escape_pointer(name), call);
}

TEST(OpenApi, IsBuiltInByteForByte) {
  std::ifstream file(KEYFOLD_OPENAPI_FILE, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  ASSERT_FALSE(text.empty());
  EXPECT_EQ(openapi_document(), text);
}

TEST(OpenApi, Compiles) {
  const auto compiled = RequestSchemas::from_openapi(openapi_document());
  EXPECT_TRUE(compiled) << compiled.error().to_string();
}

TEST(OpenApi, DescribesEveryEndpointAndNoOther) {
  std::set<std::string> described;
  for (const std::string& path : schemas().paths()) described.insert(path);
  std::set<std::string> existing;
  for (const Endpoint& endpoint : endpoints()) existing.insert(std::string(endpoint.path));
  EXPECT_EQ(described, existing);
}

TEST(OpenApi, HasAWorkingExampleOfEachRequest) {
  for (const std::string& path : schemas().paths()) {
    const json& content = document()["paths"][path]["post"]["requestBody"]["content"]["application/json"];
    ASSERT_TRUE(content.contains("example")) << path;
    EXPECT_EQ(render(schemas().validate(path, content["example"])), "") << path;
  }
}

TEST(OpenApi, HasExamplesOfAnswersThatFitTheirSchemas) {
  int checked = 0;
  visit_objects(document(), "", [&](const json& object, const std::string& pointer) {
    if (!object.contains("example") || !object.contains("schema")) return;
    const auto schema = compile_schema(document(), pointer + "/schema");
    ASSERT_TRUE(schema) << schema.error().to_string();
    EXPECT_EQ(render(find_errors(*schema, object["example"], 20)), "") << pointer;
    ++checked;
  });
  EXPECT_GT(checked, 30);
}

TEST(OpenApi, HasOnlySchemasThatCompile) {
  for (const auto& [name, schema] : document()["components"]["schemas"].items()) {
    const auto compiled = compile_schema(document(), "/components/schemas/" + name);
    EXPECT_TRUE(compiled) << compiled.error().to_string();
  }
}

TEST(OpenApi, HasOnlyReferencesThatLeadSomewhereAndUsesEveryComponent) {
  std::set<std::string> used;
  visit_objects(document(), "", [&](const json& object, const std::string& pointer) {
    if (!object.contains("$ref")) return;
    const std::string target = object["$ref"].get<std::string>().substr(1);
    EXPECT_TRUE(document().contains(json::json_pointer(target))) << pointer << " refers to " << target;
    used.insert(target);
  });
  for (const auto& [kind, components] : document()["components"].items()) {
    if (kind == "securitySchemes") continue;
    for (const auto& [name, component] : components.items()) {
      EXPECT_TRUE(used.contains(std::string("/components/").append(kind).append("/").append(name)))
          << kind << "/" << name << " is used nowhere";
    }
  }
}

TEST(OpenApi, NamesEachOperationOnceAndTellsWhatMayGoWrong) {
  std::set<std::string> ids;
  for (const auto& [path, item] : document()["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      EXPECT_TRUE(ids.insert(operation.value("operationId", "")).second) << path;
      EXPECT_TRUE(operation.contains("summary")) << path;
      if (method != "post") continue;
      EXPECT_EQ("/v2/" + operation.value("operationId", ""), path);
      for (const char* status : {"200", "400", "401", "403", "413", "500", "503"}) {
        EXPECT_TRUE(operation["responses"].contains(status)) << path << " " << status;
      }
    }
  }
}

std::string locations(std::string_view path, const json& body) {
  std::string joined;
  for (const FieldError& error : schemas().validate(path, body)) joined += (joined.empty() ? "" : " ") + error.location;
  return joined;
}

TEST(OpenApi, RefusesUnknownMembersUnlessItSaysOtherwiseAndOtherTypesEverywhere) {
  // As Unkey's are.
  const std::set<std::string> open = {"/v2/identities.createIdentity", "/v2/keys.rerollKey", "/v2/portal.rerollKey"};
  for (const std::string& path : schemas().paths()) {
    json body = document()["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"];
    const bool is_array = body.is_array();
    (is_array ? body[0] : body)["unknownMember"] = 1;
    const std::string closed = is_array ? "/items/additionalProperties" : "/additionalProperties";
    EXPECT_EQ(locations(path, body), open.contains(path) ? "" : closed) << path;
    for (const json& other : {json(nullptr), is_array ? json::object() : json::array(), json(1), json("x")}) {
      EXPECT_EQ(schemas().validate(path, other).at(0).location, "/type") << path;
    }
  }
}

// A body of an endpoint: the members that matter beside what is required, and where it is wrong ("": it is right).
struct RuleCase {
  std::string_view path;
  std::string_view body;
  std::string_view want;
};

void expect_all(const std::vector<RuleCase>& cases) {
  for (const auto& [path, body, want] : cases)
    EXPECT_EQ(locations(path, json::parse(body)), want) << path << " " << body;
}

std::string quoted(std::size_t length) { return "\"" + std::string(length, 'x') + "\""; }

TEST(OpenApiRules, OfApis) {
  const std::string longest = R"({"name": )" + quoted(256) + "}";
  const std::string too_long = R"({"name": )" + quoted(257) + "}";
  expect_all({{"/v2/apis.createApi", "{}", "/required"},
              {"/v2/apis.createApi", R"({"name": "ab"})", "/properties/name/minLength"},
              {"/v2/apis.createApi", R"({"name": "a b c"})", ""},
              {"/v2/apis.createApi", longest, ""},
              {"/v2/apis.createApi", too_long, "/properties/name/maxLength"},
              {"/v2/apis.getApi", R"({"apiId": "api_1"})", "/properties/apiId/minLength"},
              {"/v2/apis.getApi", R"({"apiId": "api_absent"})", ""},
              {"/v2/apis.getApi", R"({"apiId": "api-absent"})", "/properties/apiId/pattern"},
              {"/v2/apis.deleteApi", R"({"apiId": "api_1"})", "/properties/apiId/minLength"}});
}

TEST(OpenApiRules, OfListKeys) {
  const std::string odd_id = R"({"apiId": "\u0000odd id )" + std::string(500, 'x') + "\"}";
  expect_all({{"/v2/apis.listKeys", "{}", "/required"},
              {"/v2/apis.listKeys", R"({"apiId": ""})", "/properties/apiId/minLength"},
              {"/v2/apis.listKeys", odd_id, ""},
              {"/v2/apis.listKeys", R"({"apiId": "a", "limit": 0})", "/properties/limit/minimum"},
              {"/v2/apis.listKeys", R"({"apiId": "a", "limit": 101})", "/properties/limit/maximum"},
              {"/v2/apis.listKeys", R"({"apiId": "a", "limit": 100, "cursor": "", "decrypt": false})", ""},
              {"/v2/apis.listKeys", R"({"apiId": "a", "externalId": ""})", "/properties/externalId/minLength"},
              {"/v2/apis.listKeys", R"({"apiId": "a", "revalidateKeysCache": true})", ""}});
}

// With `members` beside the id.
std::string location_of_key(std::string_view path, std::string_view id, const json& members) {
  json body = members;
  body[std::string(id)] = "key_or_api";
  return locations(path, body);
}

TEST(OpenApiRules, OfCreateKey) {
  const std::pair<json, std::string_view> cases[] = {
      {json::object(), ""},
      {{{"byteLength", 15}}, "/properties/byteLength/minimum"},
      {{{"byteLength", 256}}, "/properties/byteLength/maximum"},
      {{{"prefix", std::string(17, 'p')}}, "/properties/prefix/maxLength"},
      {{{"prefix", "a b"}}, "/properties/prefix/pattern"},
      {{{"name", ""}}, "/properties/name/minLength"},
      {{{"name", nullptr}}, "/properties/name/type"},
      {{{"expires", -1}}, "/properties/expires/minimum"},
      {{{"expires", 1.5}}, "/properties/expires/type"},
      {{{"expires", 4102444800000}}, ""},
      {{{"expires", 4102444800001}}, "/properties/expires/maximum"},
      {{{"roles", json::array()}}, ""},
      {{{"roles", json(std::vector<std::string>(101, "r"))}}, "/properties/roles/maxItems"},
      {{{"permissions", {"a b"}}}, "/properties/permissions/items/pattern"},
      {{{"permissions", {std::string(129, 'p')}}}, "/properties/permissions/items/maxLength"},
      {{{"permissions", {"docs:read.*_-"}}}, ""},
      {{{"credits", {{"remaining", nullptr}}}}, ""},
      {{{"credits", json::object()}}, "/properties/credits/required"},
      {{{"credits", nullptr}}, "/properties/credits/type"},
      {{{"credits", {{"remaining", 1}, {"refill", nullptr}}}}, "/properties/credits/properties/refill/type"},
      {{{"credits", {{"remaining", 1}, {"refill", {{"interval", "daily"}}}}}},
       "/properties/credits/properties/refill/required"},
      {{{"ratelimits", {{{"name", "abc"}, {"limit", 1}, {"duration", 1000}, {"autoApply", true}, {"more", 1}}}}}, ""},
      {{{"ratelimits", {{{"name", "abc"}, {"limit", 1}, {"duration", 1000}}}}},
       "/properties/ratelimits/items/required"},
      {{{"meta", {{"deep", {{"null", nullptr}}}}}}, ""},
      {{{"externalId", "user 1"}}, "/properties/externalId/pattern"},
  };
  for (const auto& [members, want] : cases) {
    EXPECT_EQ(location_of_key("/v2/keys.createKey", "apiId", members), want) << members.dump();
  }
}

TEST(OpenApiRules, OfUpdateKeyAllowNullWhereItClears) {
  for (const std::string name : {"name", "externalId", "meta", "expires", "credits"}) {
    EXPECT_EQ(location_of_key("/v2/keys.updateKey", "keyId", {{name, nullptr}}), "") << name;
  }
  for (const std::string name : {"enabled", "ratelimits", "permissions", "roles"}) {
    EXPECT_EQ(location_of_key("/v2/keys.updateKey", "keyId", {{name, nullptr}}), "/properties/" + name + "/type")
        << name;
  }
  const json cleared{{"credits", {{"remaining", nullptr}, {"refill", nullptr}}}};
  EXPECT_EQ(location_of_key("/v2/keys.updateKey", "keyId", cleared), "");
}

TEST(OpenApiRules, OfVerifyKey) {
  const auto at = [](const json& members) {
    json body{{"key", "k"}};
    body.update(members);
    return locations("/v2/keys.verifyKey", body);
  };
  const auto tags = [](std::size_t count, const std::string& tag) {
    return json{{"tags", std::vector<std::string>(count, tag)}};
  };
  EXPECT_EQ(locations("/v2/keys.verifyKey", json::object()), "/required");
  EXPECT_EQ(at({{"key", ""}}), "/properties/key/minLength");
  EXPECT_EQ(at({{"key", std::string(512, 'k')}}), "");
  EXPECT_EQ(at({{"key", std::string(513, 'k')}}), "/properties/key/maxLength");
  EXPECT_EQ(at(tags(20, "a tag/\xF0\x9F\x98\x80")), "");
  EXPECT_EQ(at(tags(21, "t")), "/properties/tags/maxItems");
  EXPECT_EQ(at(tags(1, "")), "/properties/tags/items/minLength");
  EXPECT_EQ(at(tags(1, std::string(513, 't'))), "/properties/tags/items/maxLength");
  EXPECT_EQ(at({{"permissions", ""}}), "/properties/permissions/minLength");
  EXPECT_EQ(at({{"permissions", std::string(1001, 'p')}}), "/properties/permissions/maxLength");
  EXPECT_EQ(at({{"credits", json::object()}}), "/properties/credits/required");
  EXPECT_EQ(at({{"credits", {{"cost", -1}}}}), "/properties/credits/properties/cost/minimum");
  EXPECT_EQ(at({{"credits", {{"cost", 1'000'000'000'001}}}}), "/properties/credits/properties/cost/maximum");
  EXPECT_EQ(at({{"ratelimits", {{{"name", "abc"}, {"cost", -1}}}}}),
            "/properties/ratelimits/items/properties/cost/minimum");
  EXPECT_EQ(at({{"ratelimits", {{{"name", "abc"}, {"limit", 10}, {"duration", 1000}, {"x", 1}}}}}), "");
  EXPECT_EQ(at({{"migrationId", "m"}}), "");
}

TEST(OpenApiRules, OfIdentities) {
  const auto create = [](const json& members) { return locations("/v2/identities.createIdentity", members); };
  const auto list = [](const json& members) { return locations("/v2/identities.listIdentities", members); };
  const json limit{{"name", "abc"}, {"limit", 1}, {"duration", 1000}, {"autoApply", false}};
  EXPECT_EQ(create({{"externalId", "u"}, {"meta", {{"a", nullptr}}}, {"ratelimits", {limit}}}), "");
  EXPECT_EQ(create(json::object()), "/required");
  EXPECT_EQ(create({{"externalId", ""}}), "/properties/externalId/minLength /properties/externalId/pattern");
  EXPECT_EQ(create({{"externalId", std::string(256, 'u')}}), "/properties/externalId/maxLength");
  EXPECT_EQ(create({{"externalId", "a b"}}), "/properties/externalId/pattern");
  EXPECT_EQ(create({{"externalId", "u"}, {"ratelimits", json(std::vector<json>(51, limit))}}),
            "/properties/ratelimits/maxItems");
  json many = json::object();
  for (int i = 0; i < 101; ++i) many[std::to_string(i)] = i;
  EXPECT_EQ(create({{"externalId", "u"}, {"meta", many}}), "/properties/meta/maxProperties");
  EXPECT_EQ(list({{"limit", 100}, {"cursor", "id_1"}, {"search", std::string(256, 's')}}), "");
  EXPECT_EQ(list({{"search", std::string(257, 's')}}), "/properties/search/maxLength");
  for (const std::string operation : {"getIdentity", "updateIdentity", "deleteIdentity"}) {
    const std::string path = "/v2/identities." + operation;
    EXPECT_EQ(locations(path, {{"identity", std::string(2000, '\0') + "/?%"}}), "") << path;
    EXPECT_EQ(locations(path, {{"identity", ""}}), "/properties/identity/minLength") << path;
    EXPECT_EQ(locations(path, json::object()), "/required") << path;
  }
}

TEST(OpenApiRules, OfPermissionsAndRoles) {
  const auto permission = [](const json& members) { return locations("/v2/permissions.createPermission", members); };
  EXPECT_EQ(permission({{"name", "n"}, {"slug", "a.b_c-d:*"}}), "");
  EXPECT_EQ(permission({{"name", "n"}}), "/required");
  EXPECT_EQ(permission({{"name", "n"}, {"slug", "a b"}}), "/properties/slug/pattern");
  EXPECT_EQ(permission({{"name", "n"}, {"slug", std::string(129, 's')}}), "/properties/slug/maxLength");
  EXPECT_EQ(permission({{"name", "n"}, {"slug", "s"}, {"description", std::string(513, 'd')}}),
            "/properties/description/maxLength");
  const auto role = [](const json& members) { return locations("/v2/permissions.createRole", members); };
  EXPECT_EQ(role({{"name", "any characters"}}), "");
  EXPECT_EQ(role({{"name", std::string(129, 'n')}}), "/properties/name/maxLength");
  EXPECT_EQ(role({{"name", "n"}, {"permissions", {"ok", "not ok"}}}), "/properties/permissions/items/pattern");
  const std::vector<std::string> too_many(1001, "p");
  EXPECT_EQ(role({{"name", "n"}, {"permissions", too_many}}), "/properties/permissions/maxItems");
  const auto set = [](const json& members) { return locations("/v2/permissions.setRolePermissions", members); };
  EXPECT_EQ(set({{"roleId", "role-1"}, {"permissions", json::array()}}), "");
  EXPECT_EQ(set({{"roleId", "ro"}, {"permissions", json::array()}}), "/properties/roleId/minLength");
  EXPECT_EQ(set({{"roleId", "role 1"}, {"permissions", json::array()}}), "/properties/roleId/pattern");
  EXPECT_EQ(set({{"roleId", "role_1"}, {"permissions", too_many}}), "/properties/permissions/maxItems");
  EXPECT_EQ(set({{"roleId", "role_1"}, {"permissions", {"a b"}}}), "/properties/permissions/items/pattern");
}

TEST(OpenApiRules, OfReadingPermissionsAndRoles) {
  for (const std::string path : {"/v2/permissions.getPermission", "/v2/permissions.deletePermission"}) {
    EXPECT_EQ(locations(path, {{"permission", "a.b_c-d:*"}}), "") << path;
    EXPECT_EQ(locations(path, {{"permission", "a b"}}), "/properties/permission/pattern") << path;
    EXPECT_EQ(locations(path, {{"permission", std::string(129, 'p')}}), "/properties/permission/maxLength") << path;
    EXPECT_EQ(locations(path, json::object()), "/required") << path;
  }
  for (const std::string path : {"/v2/permissions.getRole", "/v2/permissions.deleteRole"}) {
    EXPECT_EQ(locations(path, {{"role", "any characters"}}), "") << path;
    EXPECT_EQ(locations(path, {{"role", ""}}), "/properties/role/minLength") << path;
    EXPECT_EQ(locations(path, {{"role", std::string(129, 'r')}}), "/properties/role/maxLength") << path;
  }
  for (const std::string path : {"/v2/permissions.listPermissions", "/v2/permissions.listRoles"}) {
    EXPECT_EQ(locations(path, json::object()), "") << path;
    EXPECT_EQ(locations(path, {{"search", std::string(256, 's')}, {"limit", 100}, {"cursor", "c"}}), "") << path;
    EXPECT_EQ(locations(path, {{"search", std::string(257, 's')}}), "/properties/search/maxLength") << path;
    EXPECT_EQ(locations(path, {{"limit", 0}}), "/properties/limit/minimum") << path;
    EXPECT_EQ(locations(path, {{"limit", 101}}), "/properties/limit/maximum") << path;
  }
}

TEST(OpenApiRules, OfPermissionsAndRolesOnKeys) {
  for (const std::string operation : {"add", "remove", "set"}) {
    const bool may_be_empty = operation == "set";
    const auto permissions = [&](const std::vector<std::string>& slugs) {
      return location_of_key("/v2/keys." + operation + "Permissions", "keyId", {{"permissions", slugs}});
    };
    EXPECT_EQ(permissions(std::vector<std::string>(1000, "a.b")), "");
    EXPECT_EQ(permissions(std::vector<std::string>(1001, "a.b")), "/properties/permissions/maxItems");
    EXPECT_EQ(permissions({}), may_be_empty ? "" : "/properties/permissions/minItems");
    EXPECT_EQ(permissions({"a b"}), "/properties/permissions/items/pattern");
    const auto roles = [&](const std::vector<std::string>& names) {
      return location_of_key("/v2/keys." + operation + "Roles", "keyId", {{"roles", names}});
    };
    EXPECT_EQ(roles(std::vector<std::string>(100, "any role")), "");
    EXPECT_EQ(roles(std::vector<std::string>(101, "any role")), "/properties/roles/maxItems");
    EXPECT_EQ(roles({}), may_be_empty ? "" : "/properties/roles/minItems");
    EXPECT_EQ(roles({""}), "/properties/roles/items/minLength");
  }
}

TEST(OpenApiRules, OfRatelimits) {
  const auto with = [](const json& members) {
    json body{{"namespace", "n"}, {"identifier", "i"}, {"limit", 1}, {"duration", 1000}};
    body.update(members);
    return body;
  };
  const std::string kLongest(512, 'x');
  const std::pair<json, std::string_view> of_limit[] = {
      {json::object(), ""},
      {{{"namespace", kLongest}, {"identifier", "\x01 \xF0\x9F\x98\x80 "}, {"cost", 0}}, ""},
      {{{"namespace", ""}}, "/properties/namespace/minLength"},
      {{{"namespace", kLongest + "x"}}, "/properties/namespace/maxLength"},
      {{{"identifier", ""}}, "/properties/identifier/minLength"},
      {{{"identifier", kLongest + "x"}}, "/properties/identifier/maxLength"},
      {{{"limit", 0}}, "/properties/limit/minimum"},
      {{{"limit", 2.5}}, "/properties/limit/type"},
      {{{"duration", 999}}, "/properties/duration/minimum"},
      {{{"duration", 2'592'000'000}}, ""},
      {{{"duration", 2'592'000'001}}, "/properties/duration/maximum"},
      {{{"cost", -1}}, "/properties/cost/minimum"},
      {{{"async", true}}, "/additionalProperties"},
  };
  for (const auto& [members, want] : of_limit) {
    EXPECT_EQ(locations("/v2/ratelimit.limit", with(members)), want) << members.dump();
    const std::string in_items = want.empty() ? "" : "/items" + std::string(want);
    EXPECT_EQ(locations("/v2/ratelimit.multiLimit", json::array({with(members)})), in_items) << members.dump();
  }
  EXPECT_EQ(locations("/v2/ratelimit.multiLimit", json::array()), "/minItems");
  EXPECT_EQ(locations("/v2/ratelimit.multiLimit", json(std::vector<json>(101, with(json::object())))), "/maxItems");
  EXPECT_EQ(locations("/v2/ratelimit.setOverride", with({{"limit", 0}, {"duration", 3'000'000'000}})), "");
  EXPECT_EQ(locations("/v2/ratelimit.setOverride", with({{"limit", -1}})), "/properties/limit/minimum");
  EXPECT_EQ(locations("/v2/ratelimit.listOverrides", {{"namespace", "n"}, {"limit", 101}}),
            "/properties/limit/maximum");
}

TEST(OpenApiRules, OfRootKeysAndWorkspaces) {
  const auto create = [](const json& members) { return locations("/v2/rootKeys.createRootKey", members); };
  EXPECT_EQ(create({{"name", "n"}, {"permissions", {"api.*.read_key"}}, {"workspaceId", "ws_1"}}), "");
  EXPECT_EQ(create({{"name", "n"}}), "/required");
  EXPECT_EQ(create({{"name", "n"}, {"permissions", json::array()}}), "/properties/permissions/minItems");
  EXPECT_EQ(create({{"name", "n"}, {"permissions", std::vector<std::string>(1001, "p")}}),
            "/properties/permissions/maxItems");
  EXPECT_EQ(create({{"name", "n"}, {"permissions", {std::string(513, 'p')}}}),
            "/properties/permissions/items/maxLength");
  EXPECT_EQ(locations("/v2/workspaces.createWorkspace", {{"name", std::string(256, 'n')}}),
            "/properties/name/maxLength");
  EXPECT_EQ(locations("/v2/workspaces.listWorkspaces", json::object()), "");
  const auto update = [](const json& members) { return locations("/v2/workspaces.updateWorkspace", members); };
  EXPECT_EQ(update({{"workspaceId", "ws_1"}, {"requestsPerMinute", nullptr}, {"enabled", false}}), "");
  EXPECT_EQ(update({{"workspaceId", "ws_1"}, {"requestsPerMinute", -1}}), "/properties/requestsPerMinute/minimum");
  EXPECT_EQ(update({{"requestsPerMinute", 1}}), "/required");
  EXPECT_EQ(locations("/v2/rootKeys.updateRootKey", {{"rootKeyId", "rk_1"}, {"name", ""}}),
            "/properties/name/minLength");
  EXPECT_EQ(locations("/v2/rootKeys.listRootKeys", {{"limit", 0}}), "/properties/limit/minimum");
  EXPECT_EQ(locations("/v2/rootKeys.revokeRootKey", json::object()), "/required");
}

}  // namespace
}  // namespace keyfold::api
