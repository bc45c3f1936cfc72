#include "schemas/base/fault_point.h"

#ifdef KEYFOLD_FAULT_POINTS
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

namespace keyfold {
namespace {

struct Plan {
  std::string point;
  long passage = 1;
};

Plan read_plan() {
  Plan plan;
  const char* text = std::getenv("KEYFOLD_FAULT");
  if (text == nullptr) return plan;
  std::string_view spec(text);
  if (const auto colon = spec.rfind(':'); colon != std::string_view::npos) {
    const std::string_view count = spec.substr(colon + 1);
    std::from_chars(count.data(), count.data() + count.size(), plan.passage);
    spec = spec.substr(0, colon);
  }
  plan.point = spec;
  return plan;
}

}  // namespace

void fault_point(const char* name) {
  static const Plan plan = read_plan();
  if (plan.point.empty() || plan.point != name) return;
  static std::atomic<long> passages{0};
  if (passages.fetch_add(1) + 1 == plan.passage) std::raise(SIGKILL);
}

}  // namespace keyfold
#endif
