#include "actors/workflows/command_window.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "actors/submit.h"
#include "schemas/base/random.h"

namespace keyfold::actors {
namespace {

constexpr std::size_t kUnderWayMax = 64;
constexpr std::chrono::milliseconds kBusyPause{20};

/// Waits for that long, or until the stop.
void pause(const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait_for(lock, stop, kBusyPause, [] { return false; });
}

}  // namespace

CommandWindow::CommandWindow(Runtime& runtime, const Clock& clock, std::string principal_id, std::stop_token stop)
    : runtime_(runtime), clock_(clock), principal_id_(std::move(principal_id)), stop_(std::move(stop)) {}

void CommandWindow::submit(v1::Command command, std::shared_ptr<const void> kept) {
  command.mutable_principal()->set_type(v1::Principal::SYSTEM);
  command.mutable_principal()->set_id(principal_id_);
  command.mutable_principal()->set_name(principal_id_);
  command.set_request_id(make_id("req"));
  command.set_time_ms(clock_.now_ms());
  if (waiting_.size() >= kUnderWayMax) settle_oldest();
  auto outcome = actors::submit(runtime_, command);
  waiting_.push_back({std::move(command), std::move(outcome), std::move(kept)});
}

bool CommandWindow::finish() {
  while (!waiting_.empty()) settle_oldest();
  return !std::exchange(has_failed_, false);
}

void CommandWindow::settle_oldest() {
  Waiting oldest = std::move(waiting_.front());
  waiting_.pop_front();
  Outcome outcome = oldest.outcome.get();
  while (!outcome && outcome.error().code == RejectionCode::kOverloaded && !stop_.stop_requested()) {
    pause(stop_);
    outcome = actors::submit(runtime_, oldest.command).get();
  }
  if (outcome) return;
  has_failed_ = true;
  rejection_ = outcome.error().detail;
}

}  // namespace keyfold::actors
