#include "gateway/api/ratelimit/endpoints.h"
#include "gateway/api/ratelimit/limit_checks.h"

namespace keyfold::api {
namespace {

std::string answer(std::span<const LimitCheck>, std::span<const LimitVerdict> verdicts) {
  std::string data = "{";
  append_limit_verdict(data, verdicts.front(), "success");
  data += '}';
  return data;
}

}  // namespace

Answered<Step> limit(const Call& call, const Services& services) {
  std::vector<LimitCheck> checks{limit_check_of(call.body)};
  const LimitRules rules = find_rules(call, services, checks);
  if (auto refused = refuse_missing(call, rules)) return refuse(*std::move(refused));
  if (auto refused = refuse_gone(rules)) return refuse(*std::move(refused));
  if (auto refused = refuse_unpermitted(call, rules)) return refuse(*std::move(refused));
  return check_limits(call, services, std::move(checks), rules, answer);
}

}  // namespace keyfold::api
