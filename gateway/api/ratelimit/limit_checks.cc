#include "gateway/api/ratelimit/limit_checks.h"

#include <algorithm>

#include "gateway/api/json_text.h"
#include "gateway/api/metrics.h"
#include "gateway/api/ratelimit/endpoints.h"
#include "gateway/api/ratelimit/limit_usage.h"
#include "schemas/base/random.h"

namespace keyfold::api {
namespace {

constexpr std::string_view kCreate = "ratelimit.*.create_namespace";

std::string counter_of(std::string_view workspace_id, std::string_view namespace_id, std::string_view identifier) {
  std::string counter = "n/";
  counter.append(workspace_id).append("/").append(namespace_id).append("/").append(identifier);
  return counter;
}

std::vector<LimitVerdict> decide(const Call& call, const Services& services, std::span<const LimitCheck> checks,
                                 const LimitRules& rules) {
  std::vector<LimitVerdict> verdicts(checks.size());
  std::vector<std::string> counters(checks.size());
  std::vector<projections::WindowCheck> asked(checks.size());
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const auto& override = rules[i]->override;
    counters[i] = counter_of(call.workspace_id(), rules[i]->namespace_id, checks[i].identifier);
    verdicts[i].limit = override ? override->limit : checks[i].limit;
    if (override) verdicts[i].override_id = override->override_id;
    asked[i] = {counters[i], verdicts[i].limit, override ? override->duration_ms : checks[i].duration_ms,
                checks[i].cost};
  }
  const auto windows = services.windows.check(asked, call.time_ms);
  for (std::size_t i = 0; i < checks.size(); ++i) {
    verdicts[i].window = windows[i];
    services.metrics.count_ratelimit(windows[i].passed ? RatelimitOutcome::kPassed : RatelimitOutcome::kDenied);
    if (call.records_usage) {
      record_limit(services.usage, call, rules[i]->namespace_id, checks[i], verdicts[i], asked[i].duration_ms);
    }
  }
  return verdicts;
}

Plan create_namespaces(const Call& call, const Services& services, std::vector<LimitCheck> checks,
                       const LimitRules& rules, LimitAnswer answer) {
  Plan plan;
  auto& command = *plan.command.mutable_create_ratelimit_namespaces();
  for (std::size_t i = 0; i < checks.size(); ++i) {
    if (rules[i]) continue;
    auto& missing = *command.add_namespaces();
    missing.set_name(std::string(checks[i].namespace_or_id));
    missing.set_candidate_id(make_id("rlns"));
  }
  // Whoever calls this keeps the call, and with it the body that the checks look into.
  plan.conclude = [&call, &services, checks = std::move(checks),
                   answer](const actors::Outcome& outcome) -> Answered<std::string> {
    if (!outcome) return refuse(from_rejection(outcome.error()));
    const LimitRules created = find_rules(call, services, checks);
    if (auto gone = refuse_gone(created)) return refuse(*std::move(gone));
    return answer(checks, decide(call, services, checks, created));
  };
  return plan;
}

}  // namespace

LimitCheck limit_check_of(const nlohmann::json& body) {
  const auto text = [&](const char* member) -> std::string_view {
    return body.at(member).get_ref<const std::string&>();
  };
  LimitCheck check{text("namespace"), text("identifier"), body.at("limit").get<std::int64_t>(),
                   body.at("duration").get<std::int64_t>()};
  if (const auto cost = body.find("cost"); cost != body.end()) check.cost = cost->get<std::int64_t>();
  return check;
}

LimitRules find_rules(const Call& call, const Services& services, std::span<const LimitCheck> checks) {
  const auto& index = services.projections.ratelimits(call.principal->partition);
  LimitRules rules;
  rules.reserve(checks.size());
  for (const LimitCheck& check : checks) {
    rules.push_back(index.find(call.workspace_id(), check.namespace_or_id, check.identifier));
  }
  return rules;
}

std::optional<ApiError> refuse_missing(const Call& call, const LimitRules& rules) {
  const bool is_any_missing = std::any_of(rules.begin(), rules.end(), [](const auto& rule) { return !rule; });
  if (!is_any_missing || call.may({{std::string(kCreate), {}}})) return std::nullopt;
  return missing_permission(kCreate);
}

std::optional<ApiError> refuse_gone(const LimitRules& rules) {
  const bool is_any_gone =
      std::any_of(rules.begin(), rules.end(), [](const auto& rule) { return rule && rule->is_deleted; });
  return is_any_gone ? std::optional(ratelimit_namespace_gone()) : std::nullopt;
}

std::optional<ApiError> refuse_unpermitted(const Call& call, const LimitRules& rules) {
  const bool is_permitted = std::all_of(rules.begin(), rules.end(), [&](const auto& rule) {
    // Nobody holds a permission on a namespace that is yet to come.
    return may_on_namespace(call, rule ? std::string_view(rule->namespace_id) : "*", "limit");
  });
  return is_permitted ? std::nullopt : std::optional(missing_permission("ratelimit.*.limit"));
}

Answered<Step> check_limits(const Call& call, const Services& services, std::vector<LimitCheck> checks,
                            const LimitRules& rules, LimitAnswer answer) {
  const bool is_all_there = std::all_of(rules.begin(), rules.end(), [](const auto& rule) { return rule.has_value(); });
  if (!is_all_there) return create_namespaces(call, services, std::move(checks), rules, answer);
  return Data{answer(checks, decide(call, services, checks, rules)), {}};
}

void append_limit_verdict(std::string& out, const LimitVerdict& verdict, std::string_view outcome) {
  out.append("\"limit\":").append(std::to_string(verdict.limit));
  out.append(",\"remaining\":").append(std::to_string(verdict.window.remaining));
  out.append(",\"reset\":").append(std::to_string(verdict.window.reset_ms));
  out.append(",\"").append(outcome).append(verdict.window.passed ? "\":true" : "\":false");
  if (verdict.override_id.empty()) return;
  out += ",\"overrideId\":";
  append_json_string(out, verdict.override_id);
}

}  // namespace keyfold::api
