#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "events/embedded_usage_log.h"
#include "events/kafka/kafka_client.h"
#include "events/kafka/kafka_usage_log.h"

namespace keyfold::events {

/// Names the start of a process that wrote a usage record.
inline constexpr const char* kUsageRunHeader = "keyfold-run";

/// Copies the usage topic into an embedded stream, on a thread of its own, until it is destroyed. Sequences are
/// offsets: where the topic no longer holds what comes next, the copy skips; what is no usage batch becomes an empty
/// one.
class UsageCopier {
 public:
  /// `run`: of the records that the listener does not hear. Options and copy outlive this.
  [[nodiscard]] static Result<std::unique_ptr<UsageCopier>> start(const KafkaUsageLogOptions& options,
                                                                  const std::string& topic, std::string run,
                                                                  EmbeddedUsageLog& copy);
  ~UsageCopier();
  UsageCopier(const UsageCopier&) = delete;
  UsageCopier& operator=(const UsageCopier&) = delete;

  /// The end of the topic when it was last asked for: at the start, or later.
  [[nodiscard]] Sequence end() const { return end_; }
  void listen(Sequence from, UsageListener listener);
  void stop_listening();

 private:
  UsageCopier(const KafkaUsageLogOptions& options, std::string run, EmbeddedUsageLog& copy)
      : options_(options), run_(std::move(run)), copy_(copy) {}

  void copy_all();
  [[nodiscard]] Status locate(int timeout_ms);
  [[nodiscard]] bool take(const rd_kafka_message_t& message);
  [[nodiscard]] Status write(const rd_kafka_message_t& message);
  void recover(const rd_kafka_message_t& message);
  void hand_over();
  void tell(const Error& error);

  const KafkaUsageLogOptions& options_;
  const std::string run_;
  EmbeddedUsageLog& copy_;
  std::unique_ptr<KafkaClient> client_;
  KafkaTopic topic_;
  std::atomic<Sequence> end_{0};

  // The thread's.
  v1::UsageBatch batch_;
  std::optional<std::chrono::steady_clock::time_point> told_at_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable handed_over_;
  UsageListener listener_;
  UsageListener next_listener_;
  Sequence next_from_ = 0;

  std::atomic<bool> is_ending_{false};
  std::thread thread_;
};

}  // namespace keyfold::events
