#include <algorithm>

#include "gateway/api/json_text.h"
#include "gateway/api/ratelimit/endpoints.h"
#include "gateway/api/ratelimit/limit_checks.h"

namespace keyfold::api {
namespace {

std::string answer(std::span<const LimitCheck> checks, std::span<const LimitVerdict> verdicts) {
  const bool have_all_passed =
      std::all_of(verdicts.begin(), verdicts.end(), [](const LimitVerdict& verdict) { return verdict.window.passed; });
  std::string data = have_all_passed ? R"({"passed":true,"limits":[)" : R"({"passed":false,"limits":[)";
  for (std::size_t i = 0; i < checks.size(); ++i) {
    data += i == 0 ? "{\"namespace\":" : ",{\"namespace\":";
    append_json_string(data, checks[i].namespace_or_id);
    data += ",\"identifier\":";
    append_json_string(data, checks[i].identifier);
    data += ',';
    append_limit_verdict(data, verdicts[i], "passed");
    data += '}';
  }
  data += "]}";
  return data;
}

}  // namespace

Answered<Step> multi_limit(const Call& call, const Services& services) {
  std::vector<LimitCheck> checks;
  checks.reserve(call.body.size());
  for (const auto& item : call.body) checks.push_back(limit_check_of(item));
  const LimitRules rules = find_rules(call, services, checks);
  if (auto refused = refuse_missing(call, rules)) return refuse(*std::move(refused));
  if (auto refused = refuse_unpermitted(call, rules)) return refuse(*std::move(refused));
  if (auto refused = refuse_gone(rules)) return refuse(*std::move(refused));
  return check_limits(call, services, std::move(checks), rules, answer);
}

}  // namespace keyfold::api
