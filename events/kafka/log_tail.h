#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "events/kafka/kafka_reader.h"
#include "events/kafka/log_copy.h"
#include "events/shared_log.h"

namespace keyfold::events {

/// Follows all partitions of the events' topic into the copy. `catch_up`, then `start`, which begins a thread of its
/// own; everything else is thread-safe. When the copy can't be written, or the topic lost what it held, the process
/// ends: nothing that it would say could be relied on.
class LogTail {
 public:
  LogTail(LogCopy copy, KafkaReader reader, std::uint32_t partitions)
      : copy_(std::move(copy)), reader_(std::move(reader)), partitions_(partitions) {}
  ~LogTail();  // ends the thread
  LogTail(const LogTail&) = delete;
  LogTail& operator=(const LogTail&) = delete;

  /// Reads to where the topic ended when it was called; `progress` is told of records read and to be read. kUnavailable
  /// when nothing moves for `timeout_ms`; kDataLoss when the topic is not what the copy was made of.
  [[nodiscard]] Status catch_up(std::int64_t timeout_ms,
                                const std::function<void(std::uint64_t read, std::uint64_t total)>& progress);
  void start();

  struct Progress {
    ChainState chain;
    std::int64_t next_offset = 0;  // everything of the topic before it was judged
  };
  [[nodiscard]] Progress progress(PartitionId partition) const;
  /// Waits until `holds(progress)`, or the time is over. True when it does.
  [[nodiscard]] bool wait(PartitionId partition, std::chrono::steady_clock::time_point end,
                          const std::function<bool(const Progress&)>& holds) const;

  void listen(SharedLog::GrowthListener listener);
  void stop_listening();

  [[nodiscard]] const LogCopy& copy() const { return copy_; }
  [[nodiscard]] std::uint64_t records_read() const { return records_read_; }
  [[nodiscard]] std::uint64_t records_void() const { return records_void_; }
  /// Whether the brokers answer within that time.
  [[nodiscard]] Status reach(std::int64_t timeout_ms) const;
  /// Records of the partition that the brokers are known to hold and the copy lacks.
  [[nodiscard]] std::uint64_t lag(PartitionId partition) const;

 private:
  struct Partition {
    explicit Partition(CopyFold start) : fold(std::move(start)) {}
    // The reading thread's.
    CopyFold fold;
    std::int64_t next_offset = 0;
    bool must_match = false;  // the next record must be the last one that the copy has seen
    bool touched = false;
    // Of all.
    mutable std::mutex mutex;
    mutable std::condition_variable moved;
    Progress progress;
  };

  Status open_partition(PartitionId id, const Deadline& deadline, std::vector<std::int64_t>& starts);
  Result<std::size_t> round(int timeout_ms);
  Status take(const rd_kafka_message_t& message, rocksdb::WriteBatch& batch);
  Status commit(rocksdb::WriteBatch& batch);
  void publish();
  void run();

  LogCopy copy_;
  KafkaReader reader_;
  const std::uint32_t partitions_;
  std::deque<Partition> states_;
  std::vector<std::int64_t> targets_;  // of catching up
  std::atomic<std::uint64_t> records_read_ = 0;
  std::atomic<std::uint64_t> records_void_ = 0;
  std::mutex listener_mutex_;
  SharedLog::GrowthListener listener_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace keyfold::events
