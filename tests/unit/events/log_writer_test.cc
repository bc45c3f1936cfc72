#include "events/log_writer.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/unit/events/sample_log.h"

namespace keyfold::events {
namespace {

/// A log in memory whose appends wait until they are let through, and fail on request.
class GatedLog final : public Log {
 public:
  std::uint32_t partitions() const override { return 2; }
  ChainState tail(PartitionId partition) const override {
    const std::lock_guard lock(mutex_);
    return tails_.at(partition);
  }
  Status append(std::span<const Append> appends) override {
    std::unique_lock lock(mutex_);
    ++started_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return permits_ > 0; });
    --permits_;
    if (failing_) return fail(ErrorCode::kUnknownOutcome, "cut off");
    for (const Append& append : appends) tails_.at(append.partition).next += append.records.size();
    std::size_t records = 0;
    for (const Append& append : appends) records += append.records.size();
    sizes_.push_back(records);
    return {};
  }
  Result<Sequence> read(PartitionId, Sequence from, std::size_t, const RecordVisitor&) const override { return from; }
  bool wait(PartitionId, Sequence, std::int64_t) const override { return false; }

  void let_through(int appends) {
    const std::lock_guard lock(mutex_);
    permits_ += appends;
    changed_.notify_all();
  }
  void await_started(int appends) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return started_ >= appends; });
  }
  void fail_from_now_on() {
    const std::lock_guard lock(mutex_);
    failing_ = true;
  }
  std::vector<std::size_t> sizes() const {
    const std::lock_guard lock(mutex_);
    return sizes_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::array<ChainState, 2> tails_;
  std::vector<std::size_t> sizes_;
  int permits_ = 0;
  int started_ = 0;
  bool failing_ = false;
};

struct Told {
  PartitionId partition;
  Sequence next;
  bool ok;
  friend bool operator==(const Told&, const Told&) = default;
};

std::ostream& operator<<(std::ostream& out, const Told& told) {
  return out << told.partition << " below " << told.next << (told.ok ? "" : " failed");
}

std::vector<Record> records(std::size_t count) { return std::vector<Record>(count, Record{"h", "p"}); }

TEST(LogWriter, WhatIsSubmittedDuringAnAppendSharesTheNextOne) {
  GatedLog log;
  std::vector<Told> told;  // the writer's thread only, read after its end
  {
    LogWriter writer(log, [&](PartitionId p, Sequence next, const Status& status) {
      told.push_back({p, next, status.has_value()});
    });
    writer.submit(0, 0, records(1));
    log.await_started(1);
    for (Sequence i = 0; i < 10; ++i) writer.submit(0, 1 + i, records(1));
    writer.submit(1, 0, records(3));
    log.let_through(2);
  }
  EXPECT_EQ(log.sizes(), (std::vector<std::size_t>{1, 13}));
  EXPECT_EQ(told, (std::vector<Told>{{0, 1, true}, {0, 11, true}, {1, 3, true}}));
}

TEST(LogWriter, DestructorAppendsWhatWasSubmitted) {
  GatedLog log;
  log.let_through(100);
  {
    LogWriter writer(log, [](PartitionId, Sequence, const Status&) {});
    for (Sequence i = 0; i < 50; ++i) writer.submit(0, i, records(1));
  }
  EXPECT_EQ(log.tail(0).next, 50u);
}

TEST(LogWriter, FailureIsToldToEveryPartitionOfTheAppendAndTheirTailsDoNotMove) {
  GatedLog log;
  std::vector<Told> told;
  {
    LogWriter writer(log, [&](PartitionId p, Sequence next, const Status& status) {
      told.push_back({p, next, status.has_value()});
    });
    writer.submit(0, 0, records(2));
    log.await_started(1);
    writer.submit(0, 2, records(1));
    writer.submit(1, 0, records(1));
    log.let_through(1);
    log.await_started(2);
    log.fail_from_now_on();
    log.let_through(1);
  }
  EXPECT_EQ(told, (std::vector<Told>{{0, 2, true}, {0, 2, false}, {1, 0, false}}));
}

TEST(LogWriter, OneAppendStaysBelowItsByteLimit) {
  GatedLog log;
  log.let_through(100);
  {
    LogWriter writer(log, [](PartitionId, Sequence, const Status&) {});
    writer.submit(0, 0, records(1));
    for (Sequence i = 0; i < 5; ++i) {
      writer.submit(0, 1 + i, std::vector<Record>(1, Record{"h", std::string(20u << 20, 'x')}));
    }
  }
  EXPECT_EQ(log.tail(0).next, 6u);
  for (const std::size_t size : log.sizes()) EXPECT_LE(size, 4u);
}

TEST(LogWriter, ManySubmittersLoseNothingAndKeepTheirOrder) {
  GatedLog log;
  log.let_through(1'000'000);
  std::array<Sequence, 2> durable{};
  bool in_order = true;
  {
    LogWriter writer(log, [&](PartitionId p, Sequence next, const Status& status) {
      in_order = in_order && status.has_value() && next > durable.at(p);
      durable.at(p) = next;
    });
    std::vector<std::thread> submitters;
    for (PartitionId p = 0; p < 2; ++p) {
      submitters.emplace_back([&writer, p] {
        for (Sequence i = 0; i < 5'000; ++i) writer.submit(p, i, records(1));
      });
    }
    for (std::thread& submitter : submitters) submitter.join();
  }
  EXPECT_TRUE(in_order);
  EXPECT_EQ(durable, (std::array<Sequence, 2>{5'000, 5'000}));
}

TEST(LogWriter, StatsCountAppendsAndTheirRecords) {
  GatedLog log;
  std::mutex mutex;
  std::condition_variable changed;
  int told = 0;
  LogWriter writer(log, [&](PartitionId, Sequence, const Status&) {
    const std::lock_guard lock(mutex);
    ++told;
    changed.notify_all();
  });
  log.let_through(1);
  writer.submit(0, 0, records(3));
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return told == 1; });
  EXPECT_EQ(writer.stats().appends, 1u);
  EXPECT_EQ(writer.stats().records, 3u);
}

}  // namespace
}  // namespace keyfold::events
