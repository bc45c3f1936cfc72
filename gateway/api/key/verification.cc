#include "gateway/api/key/verification.h"

#include <simdjson.h>
#include <algorithm>

#include "gateway/api/grants.h"
#include "gateway/api/json_text.h"
#include "gateway/api/permission_query.h"

namespace keyfold::api {
namespace {

using projections::KeyView;

constexpr std::size_t kKeyBytesMax = 512;
constexpr std::size_t kExpressionBytesMax = 1000;
constexpr std::int64_t kCostMax = 1'000'000'000'000;

bool may_verify(const projections::RootKey& caller, const KeyView& key) {
  const auto& held = caller.permissions;
  if (std::binary_search(held.begin(), held.end(), std::string_view("api.*.verify_key"))) return true;
  std::string tuple;
  tuple.append("api.").append(key.api_id).append(".verify_key");
  std::string urn;
  urn.append("unkey:v1:").append(key.workspace_id).append(":keyspaces/").append(key.keyspace_id);
  urn.append("/keys/").append(key.key_id).append("#verify_key");
  return allows(held, {std::move(tuple), std::move(urn)});
}

struct Judgement {
  VerifyCode code = VerifyCode::kNotFound;
  bool must_spend = false;
  std::string syntax_error;
};

// The checks in their order; the first that fails decides.
Judgement judge(const KeyView& key, const VerifyRequest& request, const projections::RootKey& caller,
                std::int64_t now_ms) {
  if (key.workspace_id != caller.workspace_id || !may_verify(caller, key)) return {};
  bool is_permitted = true;
  if (!request.permissions.empty()) {
    const auto satisfied = satisfies(request.permissions, key.permissions);
    if (!satisfied) return {.syntax_error = satisfied.error().to_string()};
    is_permitted = *satisfied;
  }
  if (!key.enabled) return {VerifyCode::kDisabled};
  if (key.expires_at_ms && now_ms > *key.expires_at_ms) return {VerifyCode::kExpired};
  if (!is_permitted) return {VerifyCode::kInsufficientPermissions};
  if (!key.credits_remaining || request.cost == 0) return {VerifyCode::kValid};
  if (*key.credits_remaining < request.cost) return {VerifyCode::kUsageExceeded};
  return {VerifyCode::kValid, true};
}

void append_names(std::string& out, std::string_view member, std::span<const std::string_view> names) {
  if (names.empty()) return;
  out.append(",\"").append(member).append("\":[");
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i != 0) out += ',';
    append_json_string(out, names[i]);
  }
  out += ']';
}

void append_text(std::string& out, std::string_view lead, std::string_view text) {
  out += lead;
  append_json_string(out, text);
}

void append_meta(std::string& out, std::string_view meta_json) {
  if (!meta_json.empty() && meta_json != "{}") out.append(",\"meta\":").append(meta_json);
}

void append_key(std::string& out, const KeyView& key, VerifyCode code, std::optional<std::int64_t> credits_remaining) {
  out += code == VerifyCode::kValid ? R"({"valid":true,"code":")" : R"({"valid":false,"code":")";
  out += to_string(code);
  out += key.enabled ? R"(","enabled":true)" : R"(","enabled":false)";
  append_text(out, ",\"keyId\":", key.key_id);
  if (!key.name.empty()) append_text(out, ",\"name\":", key.name);
  append_meta(out, key.meta_json);
  if (key.expires_at_ms && *key.expires_at_ms != 0)
    out.append(",\"expires\":").append(std::to_string(*key.expires_at_ms));
  if (credits_remaining) out.append(",\"credits\":").append(std::to_string(*credits_remaining));
  append_names(out, "permissions", key.permissions);
  append_names(out, "roles", key.roles);
  if (!key.identity_id.empty()) {
    append_text(out, ",\"identity\":{\"id\":", key.identity_id);
    append_text(out, ",\"externalId\":", key.external_id);
    append_meta(out, key.identity_meta_json);
    out += '}';
  }
  out += '}';
}

// One member of the plain form; false when it is anything else, or given twice.
bool read_member(std::string_view name, const simdjson::dom::element& value, VerifyRequest& request, bool& has_cost) {
  if (name == "key") {
    return request.key.empty() && value.get(request.key) == simdjson::SUCCESS && !request.key.empty() &&
           request.key.size() <= kKeyBytesMax;
  }
  if (name == "permissions") {
    return request.permissions.empty() && value.get(request.permissions) == simdjson::SUCCESS &&
           !request.permissions.empty() && request.permissions.size() <= kExpressionBytesMax;
  }
  simdjson::dom::object credits;
  if (name != "credits" || has_cost || value.get(credits) != simdjson::SUCCESS || credits.size() != 1) return false;
  has_cost = true;
  return credits["cost"].get(request.cost) == simdjson::SUCCESS && request.cost >= 0 && request.cost <= kCostMax;
}

}  // namespace

std::string_view to_string(VerifyCode code) {
  switch (code) {
    case VerifyCode::kValid:
      return "VALID";
    case VerifyCode::kNotFound:
      return "NOT_FOUND";
    case VerifyCode::kDisabled:
      return "DISABLED";
    case VerifyCode::kExpired:
      return "EXPIRED";
    case VerifyCode::kInsufficientPermissions:
      return "INSUFFICIENT_PERMISSIONS";
    case VerifyCode::kUsageExceeded:
      return "USAGE_EXCEEDED";
  }
  return "NOT_FOUND";
}

std::optional<VerifyRequest> parse_plain_verify_request(std::string_view body) {
  constexpr std::size_t kBodyBytesMax = 4096;
  if (body.size() > kBodyBytesMax) return std::nullopt;
  thread_local simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body.data(), body.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  VerifyRequest request;
  bool has_cost = false;
  for (const auto member : object) {
    if (!read_member(member.key, member.value, request, has_cost)) return std::nullopt;
  }
  if (request.key.empty()) return std::nullopt;
  return request;
}

Answered<Verdict> verify(const VerifyRequest& request, const projections::RootKey& caller,
                         const projections::KeyIndex& keys, std::int64_t now_ms, std::string& out) {
  Verdict verdict;
  std::string syntax_error;
  keys.visit(sha256(request.key), [&](const KeyView& key) {
    Judgement judgement = judge(key, request, caller, now_ms);
    verdict.code = judgement.code;
    verdict.must_spend = judgement.must_spend;
    syntax_error = std::move(judgement.syntax_error);
    if (verdict.code == VerifyCode::kNotFound) return;
    verdict.key_id = key.key_id;
    verdict.keyspace_id = key.keyspace_id;
    verdict.identity_id = key.identity_id;
    verdict.external_id = key.external_id;
    if (!verdict.must_spend) append_key(out, key, verdict.code, key.credits_remaining);
  });
  if (!syntax_error.empty()) return refuse(permission_query_syntax(std::move(syntax_error)));
  if (verdict.code == VerifyCode::kNotFound) out += kNotFoundJson;
  return verdict;
}

void append_verification(std::string& out, const projections::KeyIndex& keys, const Digest& hash, VerifyCode code,
                         std::optional<std::int64_t> credits_remaining) {
  const bool is_found = code != VerifyCode::kNotFound && keys.visit(hash, [&](const KeyView& key) {
    append_key(out, key, code, credits_remaining ? credits_remaining : key.credits_remaining);
  });
  if (!is_found) out += kNotFoundJson;
}

}  // namespace keyfold::api
