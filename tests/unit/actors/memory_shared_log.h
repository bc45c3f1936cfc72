#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "events/kafka/copy_fold.h"
#include "events/shared_log.h"

namespace keyfold::actors::testing {

/// What several MemorySharedLogs append to: each partition's records in the order in which they landed. Thread-safe.
class MemoryTopic {
 public:
  explicit MemoryTopic(std::uint32_t partitions) : landed_(partitions) {}

  [[nodiscard]] std::uint32_t partitions() const { return static_cast<std::uint32_t>(landed_.size()); }
  /// Returns the place behind the records.
  std::size_t land(const events::Append& append) {
    const std::lock_guard lock(mutex_);
    auto& landed = landed_.at(append.partition);
    landed.insert(landed.end(), append.records.begin(), append.records.end());
    ++changes_;
    grown_.notify_all();
    return landed.size();
  }
  /// The records from that place on.
  [[nodiscard]] std::vector<events::Record> from(events::PartitionId partition, std::size_t place) const {
    const std::lock_guard lock(mutex_);
    const auto& landed = landed_.at(partition);
    return {landed.begin() + static_cast<std::ptrdiff_t>(place), landed.end()};
  }
  /// Waits until there was another change than the `seen` ones, or the stop; returns how many there were.
  [[nodiscard]] std::uint64_t wait(std::uint64_t seen, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    grown_.wait(lock, stop, [&] { return changes_ != seen; });
    return changes_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any grown_;
  std::vector<std::vector<events::Record>> landed_;
  std::uint64_t changes_ = 0;
};

/// One process's view of a topic, with a thread that reads it, as over a broker.
class MemorySharedLog final : public events::SharedLog {
 public:
  explicit MemorySharedLog(MemoryTopic& topic) : topic_(topic) {
    for (events::PartitionId id = 0; id < topic.partitions(); ++id) partitions_.emplace_back(id);
    reader_ = std::jthread([this](const std::stop_token& stop) { read(stop); });
  }

  [[nodiscard]] std::uint32_t partitions() const override { return topic_.partitions(); }
  [[nodiscard]] events::ChainState tail(events::PartitionId partition) const override {
    const std::lock_guard lock(mutex_);
    return partitions_.at(partition).fold.whole();
  }

  [[nodiscard]] Status append(std::span<const events::Append> appends) override {
    for (const events::Append& append : appends) {
      const events::ChainState before = tail(append.partition);
      if (before.next != append.first) {
        return fail(ErrorCode::kFailedPrecondition, "the records don't extend the tail");
      }
      const std::size_t behind = topic_.land(append);
      std::unique_lock lock(mutex_);
      const Partition& partition = partitions_.at(append.partition);
      if (!grown_.wait_for(lock, std::chrono::seconds(10), [&] { return partition.read >= behind; })) {
        return fail(ErrorCode::kUnknownOutcome, "the topic did not answer");
      }
      const events::Sequence end = append.first + append.records.size();
      const Digest last = events::leaf_hash(append.records.back().header);
      if (partition.accepted.size() < end || events::leaf_hash(partition.accepted[end - 1].header) != last) {
        return fail(ErrorCode::kFailedPrecondition, "another writer took over");
      }
    }
    return {};
  }

  [[nodiscard]] Result<events::Sequence> read(events::PartitionId partition, events::Sequence from,
                                              std::size_t max_records,
                                              const events::RecordVisitor& visit) const override {
    std::vector<events::Record> records;
    {
      const std::lock_guard lock(mutex_);
      const auto& accepted = partitions_.at(partition).accepted;
      for (auto at = from; at < accepted.size() && records.size() < max_records; ++at) records.push_back(accepted[at]);
    }
    for (const events::Record& record : records) {
      if (!visit(from++, {record.header, record.payload})) break;
    }
    return from;
  }

  [[nodiscard]] bool wait(events::PartitionId partition, events::Sequence sequence,
                          std::int64_t timeout_ms) const override {
    std::unique_lock lock(mutex_);
    return grown_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                           [&] { return partitions_.at(partition).accepted.size() > sequence; });
  }

  void listen(GrowthListener listener) override {
    const std::lock_guard lock(listening_);
    listener_ = std::move(listener);
  }
  void stop_listening() override { listen({}); }

 private:
  struct Partition {
    explicit Partition(events::PartitionId id) : fold(id, {}, {}) {}
    std::size_t read = 0;
    events::CopyFold fold;
    std::vector<events::Record> accepted;
  };

  void read(const std::stop_token& stop) {
    for (std::uint64_t seen = 0; !stop.stop_requested(); seen = topic_.wait(seen, stop)) {
      for (events::PartitionId id = 0; id < topic_.partitions(); ++id) {
        const bool has_grown = read_partition(id);
        grown_.notify_all();  // what was void is judged, too
        if (!has_grown) continue;
        const std::lock_guard lock(listening_);
        if (listener_) listener_(id);
      }
    }
  }

  bool read_partition(events::PartitionId id) {
    const std::lock_guard lock(mutex_);
    Partition& partition = partitions_.at(id);
    const std::size_t known = partition.accepted.size();
    for (const events::Record& record : topic_.from(id, partition.read)) {
      partition.fold.fold({static_cast<std::int64_t>(partition.read++), 0, {record.header, record.payload}},
                          [&partition](events::Sequence, events::RecordView event) {
                            partition.accepted.push_back({std::string(event.header), std::string(event.payload)});
                          });
    }
    return partition.accepted.size() > known;
  }

  MemoryTopic& topic_;
  mutable std::mutex mutex_;
  mutable std::condition_variable grown_;
  std::vector<Partition> partitions_;
  std::mutex listening_;
  GrowthListener listener_;
  std::jthread reader_;  // last: it uses everything above
};

}  // namespace keyfold::actors::testing
