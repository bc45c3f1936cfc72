// Any bytes as a permission expression, and as grants: the first byte says which of eight slugs are held.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/api/grants.h"
#include "gateway/api/permission_query.h"

namespace {

using namespace keyfold::api;

// An expression means the same in parentheses, and with itself on both sides of an operator.
void check_query(const std::string& expression, const std::vector<std::string_view>& held) {
  const auto result = satisfies(expression, held);
  if (!result) {
    if (std::stoull(result.error().where.substr(5)) > expression.size()) std::abort();
    return;
  }
  const std::string group = std::string("(").append(expression).append(")");
  const std::string both = std::string(group).append("and").append(group);
  const std::string either = std::string(expression).append(" OR ").append(expression);
  for (const std::string& same : {group, both, either}) {
    const auto again = satisfies(same, held);
    const bool is_too_long = same.size() > 1000 || expression.find("((((") != std::string::npos;
    if (again ? *again != *result : !is_too_long) std::abort();
  }
}

void check_grants(std::string_view text) {
  const std::vector<std::string> held{std::string(text)};
  const std::vector<std::string> administrator{"administrator"};
  const bool is_known = is_grant(text);
  if (may_grant(held, text) != is_known) std::abort();
  if (may_grant(administrator, text) && !is_known) std::abort();
  static_cast<void>(allows(held, {{}, "unkey:v1:ws:keyspaces/ks/keys/key#read_key"}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::string_view kSlugs[] = {"*", "a", "android", "api.*", "b", "b:c", "or1", "x/y"};
  if (size == 0) return 0;
  std::vector<std::string_view> held;
  for (unsigned i = 0; i < 8; ++i) {
    if ((data[0] >> i & 1) != 0) held.push_back(kSlugs[i]);
  }
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_query(text, held);
  check_grants(text);
  return 0;
}
