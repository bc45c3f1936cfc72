#include "schemas/base/reached.h"

#ifdef KEYFOLD_FAULT_POINTS
#include <mutex>

namespace keyfold {
namespace {

struct Counts {
  std::mutex mutex;
  std::map<std::string, std::uint64_t> by_name;
};

Counts& counts() {
  static Counts all;
  return all;
}

}  // namespace

void reached(const char* what) {
  const std::lock_guard lock(counts().mutex);
  ++counts().by_name[what];
}

std::map<std::string, std::uint64_t> reached_counts() {
  const std::lock_guard lock(counts().mutex);
  return counts().by_name;
}

}  // namespace keyfold
#endif
