#include "gateway/api/key/verification.h"

#include <algorithm>

#include "gateway/api/grants.h"
#include "gateway/api/json_text.h"
#include "gateway/api/key/ip_allowlist.h"
#include "gateway/api/permission_query.h"

namespace keyfold::api {
namespace {

using projections::KeyView;

bool may_verify(const projections::RootKey& caller, const KeyView& key) {
  const auto& held = caller.permissions;
  // Nearly every caller holds one of these; what follows makes texts to compare.
  if (is_administrator(held)) return true;
  if (std::binary_search(held.begin(), held.end(), std::string_view("api.*.verify_key"))) return true;
  std::string tuple;
  tuple.append("api.").append(key.api_id).append(".verify_key");
  std::string urn;
  urn.append("unkey:v1:").append(key.workspace_id).append(":keyspaces/").append(key.keyspace_id);
  urn.append("/keys/").append(key.key_id).append("#verify_key");
  return allows(held, {std::move(tuple), std::move(urn)});
}

/// The first check between the expression and the rate limits that fails.
VerifyCode standing_of(const KeyView& key, const VerifyRequest& request, bool is_permitted, std::int64_t now_ms) {
  if (!key.enabled) return VerifyCode::kDisabled;
  if (key.expires_at_ms && now_ms > *key.expires_at_ms) return VerifyCode::kExpired;
  if (!lets_in(key.ip_allowlist, request.client_ip)) return VerifyCode::kForbidden;
  return is_permitted ? VerifyCode::kValid : VerifyCode::kInsufficientPermissions;
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

std::string details_of(const KeyView& key, std::optional<std::int64_t> credits_remaining) {
  std::string out;
  out.reserve(256);
  out += key.enabled ? R"("enabled":true)" : R"("enabled":false)";
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
    append_identity_ratelimits(out, key);
    out += '}';
  }
  return out;
}

// The checks in their order; the first that fails decides.
Answered<Verdict> judge_key(const KeyView& key, const VerifyRequest& request, const projections::RootKey& caller,
                            std::int64_t now_ms) {
  Verdict verdict;
  if (key.workspace_id != caller.workspace_id || !may_verify(caller, key)) return verdict;
  const auto is_permitted =
      request.permissions.empty() ? Result<bool>(true) : satisfies(request.permissions, key.permissions);
  if (!is_permitted) return refuse(permission_query_syntax(is_permitted.error().to_string()));
  verdict.code = standing_of(key, request, *is_permitted, now_ms);
  if (verdict.code == VerifyCode::kValid) {
    auto ratelimits = ratelimits_of(key, request.ratelimits);
    if (!ratelimits) return refuse(std::move(ratelimits.error()));
    verdict.ratelimits = *std::move(ratelimits);
    const bool has_price = key.credits_remaining && request.cost > 0;
    if (has_price && *key.credits_remaining < request.cost) verdict.code = VerifyCode::kUsageExceeded;
    verdict.must_spend = has_price && verdict.code == VerifyCode::kValid;
  }
  verdict.key_id = key.key_id;
  verdict.keyspace_id = key.keyspace_id;
  verdict.identity_id = key.identity_id;
  verdict.external_id = key.external_id;
  verdict.details_json = details_of(key, key.credits_remaining);
  return verdict;
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
    case VerifyCode::kForbidden:
      return "FORBIDDEN";
    case VerifyCode::kInsufficientPermissions:
      return "INSUFFICIENT_PERMISSIONS";
    case VerifyCode::kRateLimited:
      return "RATE_LIMITED";
    case VerifyCode::kUsageExceeded:
      return "USAGE_EXCEEDED";
  }
  return "NOT_FOUND";
}

Answered<Verdict> judge(const VerifyRequest& request, const projections::RootKey& caller,
                        const projections::KeyIndex& keys, std::int64_t now_ms) {
  Answered<Verdict> verdict;
  keys.visit(sha256(request.key), [&](const KeyView& key) { verdict = judge_key(key, request, caller, now_ms); });
  return verdict;
}

void charge_ratelimits(Verdict& verdict, projections::SlidingWindows& windows, std::int64_t now_ms) {
  if (verdict.ratelimits.empty()) return;
  std::vector<projections::WindowCheck> checks;
  checks.reserve(verdict.ratelimits.size());
  for (const AppliedRatelimit& limit : verdict.ratelimits) {
    checks.push_back({limit.counter, limit.limit, limit.duration_ms, limit.cost});
  }
  const auto passed = windows.check(checks, now_ms);
  append_ratelimits(verdict.ratelimits_json, verdict.ratelimits, passed);
  if (std::any_of(passed.begin(), passed.end(), [](const auto& window) { return !window.passed; })) {
    verdict.code = VerifyCode::kRateLimited;
    verdict.must_spend = false;
  }
}

Verdict conclude_spending(Verdict verdict, VerifyCode code, const projections::KeyIndex& keys, const Digest& hash,
                          std::optional<std::int64_t> credits_remaining) {
  verdict.code = code;
  verdict.must_spend = false;
  const bool is_there = keys.visit(hash, [&](const KeyView& key) {
    verdict.details_json = details_of(key, credits_remaining ? credits_remaining : key.credits_remaining);
  });
  if (!is_there) verdict.code = VerifyCode::kNotFound;
  return verdict;
}

void append_answer(std::string& out, const Verdict& verdict) {
  out += verdict.code == VerifyCode::kValid ? R"({"valid":true,"code":")" : R"({"valid":false,"code":")";
  out.append(to_string(verdict.code)).append("\"");
  if (verdict.code != VerifyCode::kNotFound) {
    out.append(",").append(verdict.details_json);
    if (!verdict.ratelimits_json.empty()) out.append(R"(,"ratelimits":)").append(verdict.ratelimits_json);
  }
  out += '}';
}

}  // namespace keyfold::api
