#include "ops/cli/open_files.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

namespace keyfold::ops {
namespace {

constexpr std::uint64_t kFilesOfDatabases = 1'000;

}  // namespace

void raise_open_files_limit(std::uint64_t connections_max) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::getrlimit(RLIMIT_NOFILE, &limit);
  const std::uint64_t needed = connections_max + kFilesOfDatabases;
  if (limit.rlim_cur < needed) {
    spdlog::warn("this process may open {} files; {} connections need about {}: raise `ulimit -n`",
                 std::uint64_t{limit.rlim_cur}, connections_max, needed);
  }
}

}  // namespace keyfold::ops
