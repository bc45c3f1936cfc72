#include "events/kafka/log_tail.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "events/kafka/cloud_event.h"
#include "events/record_reader.h"
#include "events/record_writer.h"

namespace keyfold::events {
namespace {

constexpr int kIdlePollMs = 100;
/// One write of the copy takes what is there, up to so much.
constexpr std::size_t kRoundRecordsMax = 4'096;
constexpr std::size_t kRoundBytesMax = std::size_t{8} << 20;

std::string name_of(PartitionId partition) { return "partition " + std::to_string(partition); }

TopicRecord record_of(const rd_kafka_message_t& message) {
  TopicRecord record;
  record.offset = message.offset;
  record.timestamp = rd_kafka_message_timestamp(&message, nullptr);
  record.record.payload = {static_cast<const char*>(message.payload), message.len};
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
      rd_kafka_header_get_last(headers, kEnvelopeHeader, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    record.record.header = {static_cast<const char*>(value), size};
  }
  return record;
}

tl::unexpected<Error> another_topic(PartitionId partition) {
  return fail(ErrorCode::kDataLoss, "the topic is not the one that this copy was read from, or it lost records",
              name_of(partition),
              std::string("restore the topic; where it is meant to be another, ") + kRemoveCopyHint);
}

}  // namespace

LogTail::~LogTail() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

Status LogTail::catch_up(std::int64_t timeout_ms,
                         const std::function<void(std::uint64_t read, std::uint64_t total)>& progress) {
  std::vector<std::int64_t> starts;
  for (PartitionId p = 0; p < partitions_; ++p) {
    if (Status status = open_partition(p, Deadline(timeout_ms), starts); !status) return status;
  }
  std::uint64_t total = 0;
  for (PartitionId p = 0; p < partitions_; ++p) {
    total += static_cast<std::uint64_t>(targets_[p] - states_[p].next_offset);
  }
  if (Status status = reader_.start(starts); !status) return status;
  Deadline deadline(timeout_ms);
  const auto missing = [this] {
    std::uint64_t records = 0;
    for (PartitionId p = 0; p < partitions_; ++p) {
      // Read again to be sure of it, or still to be read.
      if (states_[p].must_match) ++records;
      records += static_cast<std::uint64_t>(std::max<std::int64_t>(targets_[p] - states_[p].next_offset, 0));
    }
    return records;
  };
  for (std::uint64_t left = missing(); left > 0; left = missing()) {
    const auto read = round(kIdlePollMs);
    if (!read) return tl::unexpected(read.error());
    if (*read > 0) {
      deadline = Deadline(timeout_ms);
      if (progress) progress(total - std::min(total, missing()), total);
    } else if (deadline.is_over()) {
      return tl::unexpected(
          reader_.client().error(RD_KAFKA_RESP_ERR__TIMED_OUT, "the events can't be read from Kafka"));
    }
  }
  return {};
}

Status LogTail::open_partition(PartitionId id, const Deadline& deadline, std::vector<std::int64_t>& starts) {
  const auto chain = read_head(copy_.store(), id);
  if (!chain) return tl::unexpected(chain.error());
  const auto mark = copy_.mark(id);
  if (!mark) return tl::unexpected(mark.error());
  const auto range = reader_.offsets(id, deadline);
  if (!range) return tl::unexpected(range.error());
  const std::int64_t next = mark->offset + 1;
  if (next > range->high) return another_topic(id);
  if (next < range->low) {
    return fail(ErrorCode::kDataLoss,
                "the topic begins at offset " + std::to_string(range->low) + ", but this node needs it from " +
                    std::to_string(next) + " on",
                name_of(id), "records were deleted from the topic: restore it, or start from a copy of another node");
  }
  Partition& partition = states_.emplace_back(CopyFold(id, *chain, *mark));
  partition.must_match = mark->offset >= range->low;
  partition.next_offset = next;
  partition.progress = {*chain, next};
  starts.push_back(partition.must_match ? mark->offset : next);
  targets_.push_back(range->high);
  return {};
}

void LogTail::start() {
  thread_ = std::thread([this] { run(); });
}

void LogTail::run() {
  while (!stopping_) {
    const auto read = round(kIdlePollMs);
    if (read) continue;
    if (read.error().code == ErrorCode::kDataLoss || read.error().code == ErrorCode::kIo) {
      std::fprintf(stderr, "keyfold: fatal: %s\n", read.error().to_string().c_str());
      std::abort();
    }
    // A right that was taken away may be given back; appends say meanwhile that their outcome is unknown.
    std::this_thread::sleep_for(std::chrono::milliseconds(kIdlePollMs));
  }
}

Result<std::size_t> LogTail::round(int timeout_ms) {
  rocksdb::WriteBatch batch;
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (int wait_ms = timeout_ms; count < kRoundRecordsMax && bytes < kRoundBytesMax; wait_ms = 0) {
    const auto message = reader_.poll(wait_ms);
    if (!message) return tl::unexpected(message.error());
    if (!*message) break;
    if (const Status taken = take(**message, batch); !taken) return tl::unexpected(taken.error());
    ++count;
    bytes += (*message)->len;
  }
  if (count == 0) return count;
  if (const Status committed = commit(batch); !committed) return tl::unexpected(committed.error());
  publish();
  return count;
}

Status LogTail::take(const rd_kafka_message_t& message, rocksdb::WriteBatch& batch) {
  const auto id = static_cast<PartitionId>(message.partition);
  Partition& partition = states_.at(id);
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    if (partition.must_match) return another_topic(id);
    partition.touched = partition.touched || message.offset > partition.next_offset;
    partition.next_offset = std::max(partition.next_offset, message.offset);
    return {};
  }
  const TopicRecord record = record_of(message);
  if (std::exchange(partition.must_match, false)) {
    if (mark_of(record) != partition.fold.last()) return another_topic(id);
    return {};
  }
  rocksdb::Status put;
  const std::uint64_t void_before = partition.fold.void_records();
  partition.fold.fold(record, [&](Sequence sequence, RecordView event) {
    if (put.ok()) put = put_record(copy_.store(), {id, sequence}, event, batch);
  });
  if (!put.ok()) return tl::unexpected(to_error(put, "the log's copy can't be written", name_of(id)));
  records_void_ += partition.fold.void_records() - void_before;
  ++records_read_;
  partition.next_offset = record.offset + 1;
  partition.touched = true;
  return {};
}

Status LogTail::commit(rocksdb::WriteBatch& batch) {
  for (PartitionId p = 0; p < partitions_; ++p) {
    if (!states_[p].touched) continue;
    const auto put = copy_.put_mark(p, states_[p].fold.resume_after(), batch);
    if (!put.ok()) return tl::unexpected(to_error(put, "the log's copy can't be written", name_of(p)));
  }
  return batch.Count() == 0 ? Status() : copy_.write(batch);
}

void LogTail::publish() {
  std::vector<PartitionId> grown;
  for (PartitionId p = 0; p < partitions_; ++p) {
    Partition& partition = states_[p];
    if (!std::exchange(partition.touched, false)) continue;
    {
      const std::lock_guard lock(partition.mutex);
      if (partition.progress.chain.next != partition.fold.whole().next) grown.push_back(p);
      partition.progress = {partition.fold.whole(), partition.next_offset};
    }
    partition.moved.notify_all();
  }
  if (grown.empty()) return;
  const std::lock_guard lock(listener_mutex_);
  if (!listener_) return;
  for (const PartitionId p : grown) listener_(p);
}

LogTail::Progress LogTail::progress(PartitionId partition) const {
  const Partition& state = states_.at(partition);
  const std::lock_guard lock(state.mutex);
  return state.progress;
}

bool LogTail::wait(PartitionId partition, std::chrono::steady_clock::time_point end,
                   const std::function<bool(const Progress&)>& holds) const {
  const Partition& state = states_.at(partition);
  std::unique_lock lock(state.mutex);
  return state.moved.wait_until(lock, end, [&] { return holds(state.progress); });
}

void LogTail::listen(SharedLog::GrowthListener listener) {
  const std::lock_guard lock(listener_mutex_);
  listener_ = std::move(listener);
}

void LogTail::stop_listening() {
  const std::lock_guard lock(listener_mutex_);
  listener_ = nullptr;
}

Status LogTail::reach(std::int64_t timeout_ms) const {
  const auto range = reader_.offsets(0, Deadline(timeout_ms));
  return range ? Status() : tl::unexpected(range.error());
}

std::uint64_t LogTail::lag(PartitionId partition) const {
  const std::int64_t behind = reader_.known_high(partition) - progress(partition).next_offset;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(behind, 0));
}

}  // namespace keyfold::events
