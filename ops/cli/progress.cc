#include "ops/cli/progress.h"

#include <spdlog/spdlog.h>

#include <chrono>

namespace keyfold::ops {
namespace {

constexpr std::chrono::seconds kProgressInterval{1};

}  // namespace

projections::ProgressSink log_progress() {
  using Time = std::chrono::steady_clock::time_point;
  return [told_at = Time()](const projections::Progress& progress) mutable {
    const Time now = std::chrono::steady_clock::now();
    if (progress.done < progress.total && now - told_at < kProgressInterval) return;
    told_at = now;
    spdlog::info("{}: {} of {} events", progress.what, progress.done, progress.total);
  };
}

}  // namespace keyfold::ops
