#include "projections/audit_follower.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

namespace keyfold::projections {
namespace {

/// How long new events may wait for others to be folded with, when nobody asks for them.
constexpr std::int64_t kRestMs = 20;
constexpr std::chrono::milliseconds kRetryMs{250};

void pause(const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait_for(lock, stop, kRetryMs, [] { return false; });
}

}  // namespace

AuditFollower::AuditFollower(AuditStore& store, ErrorSink on_error)
    : store_(store), on_error_(std::move(on_error)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

AuditFollower::~AuditFollower() = default;

void AuditFollower::run(const std::stop_token& stop) {
  std::string told;
  while (!stop.stop_requested()) {
    const auto folded = fold_all(stop);
    if (folded) {
      told.clear();
      if (*folded == 0) store_.rest(stop, kRestMs);
      continue;
    }
    ++errors_;
    std::string text = folded.error().to_string();
    if (text != told) on_error_(folded.error());
    told = std::move(text);
    pause(stop);
  }
}

/// One batch of each partition, so that a large one keeps no other waiting.
Result<std::uint64_t> AuditFollower::fold_all(const std::stop_token& stop) {
  std::uint64_t total = 0;
  for (events::PartitionId partition = 0; partition < store_.partitions() && !stop.stop_requested(); ++partition) {
    const auto folded = store_.fold(partition);
    if (!folded) return folded;
    events_ += *folded;
    total += *folded;
  }
  return total;
}

}  // namespace keyfold::projections
