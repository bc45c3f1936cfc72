#include "events/log_writer.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <mutex>
#include <thread>

#include "schemas/base/fault_point.h"

namespace keyfold::events {
namespace {

/// Bytes of one append: more than that waits for the next, so that a batch stays far below RocksDB's 4 GiB.
constexpr std::size_t kRoundBytesMax = std::size_t{64} << 20;

std::size_t bytes_of(const std::vector<Record>& records) {
  std::size_t bytes = 0;
  for (const Record& record : records) bytes += record.header.size() + record.payload.size();
  return bytes;
}

}  // namespace

struct LogWriter::Impl {
  /// What one append will carry.
  struct Round {
    std::vector<Append> appends;
    std::size_t bytes = 0;
  };

  Impl(Log& target, Durable callback) : log(target), on_durable(std::move(callback)), thread([this] { run(); }) {}

  void run() {
    while (true) {
      Round round;
      {
        std::unique_lock lock(mutex);
        submitted.wait(lock, [this] { return !rounds.empty() || stopping; });
        if (rounds.empty()) return;
        round = std::move(rounds.front());
        rounds.pop_front();
      }
      write(round);
    }
  }

  void write(const Round& round) {
    const auto start = std::chrono::steady_clock::now();
    KEYFOLD_FAULT_POINT("log.append.before_sync");
    const Status status = log.append(round.appends);
    KEYFOLD_FAULT_POINT("log.append.after_sync");
    const auto spent = std::chrono::steady_clock::now() - start;
    {
      const std::lock_guard lock(mutex);
      ++stats.appends;
      if (status) {
        for (const Append& append : round.appends) stats.records += append.records.size();
      }
      stats.sync_ns += static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(spent).count());
    }
    for (const Append& append : round.appends) {
      on_durable(append.partition, log.tail(append.partition).next, status);
    }
  }

  Log& log;
  const Durable on_durable;
  std::mutex mutex;
  std::condition_variable submitted;
  std::deque<Round> rounds;  // the last one is open for more
  Stats stats;
  bool stopping = false;
  std::thread thread;  // last: it uses everything above
};

LogWriter::LogWriter(Log& log, Durable on_durable) : impl_(std::make_unique<Impl>(log, std::move(on_durable))) {}

LogWriter::~LogWriter() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->submitted.notify_one();
  impl_->thread.join();
}

void LogWriter::submit(PartitionId partition, Sequence first, std::vector<Record> records) {
  const std::size_t bytes = bytes_of(records);
  {
    const std::lock_guard lock(impl_->mutex);
    auto& rounds = impl_->rounds;
    if (rounds.empty() || rounds.back().bytes + bytes > kRoundBytesMax) rounds.emplace_back();
    Impl::Round& round = rounds.back();
    round.bytes += bytes;
    const auto open = std::find_if(round.appends.begin(), round.appends.end(),
                                   [partition](const Append& append) { return append.partition == partition; });
    if (open == round.appends.end()) {
      round.appends.push_back({partition, first, std::move(records)});
    } else {
      std::move(records.begin(), records.end(), std::back_inserter(open->records));
    }
  }
  impl_->submitted.notify_one();
}

LogWriter::Stats LogWriter::stats() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->stats;
}

}  // namespace keyfold::events
