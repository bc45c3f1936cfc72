#include "projections/usage_recorder.h"

#include <atomic>
#include <functional>
#include <thread>

#include "projections/usage_buffer.h"
#include "tests/unit/projections/usage_fixture.h"

namespace keyfold::projections::testing {
namespace {

constexpr UsageRecorderOptions kNeverByItself{.batch_interval_ms = 3'600'000};

/// A stream whose disk is full when it is told so, and to which others write.
class FillingLog final : public events::UsageLog {
 public:
  explicit FillingLog(events::UsageLog& log) : log_(log) {}
  [[nodiscard]] events::Sequence first() const override { return log_.first(); }
  [[nodiscard]] events::Sequence next() const override { return log_.next(); }
  [[nodiscard]] Result<events::Sequence> append(std::int64_t time_ms, std::string_view batch) override {
    if (is_full) return fail(ErrorCode::kIo, "no space left");
    if (others) others();
    return log_.append(time_ms, batch);
  }
  [[nodiscard]] Status sync() override { return log_.sync(); }
  [[nodiscard]] Result<events::Sequence> read(events::Sequence from, std::size_t max_batches,
                                              const events::UsageVisitor& visit) const override {
    return log_.read(from, max_batches, visit);
  }
  [[nodiscard]] bool wait(events::Sequence sequence, std::int64_t timeout_ms) const override {
    return log_.wait(sequence, timeout_ms);
  }
  [[nodiscard]] Result<events::Sequence> drop_before(std::int64_t time_ms) override {
    return log_.drop_before(time_ms);
  }

  std::atomic<bool> is_full{false};
  std::function<void()> others;  // write before each append

 private:
  events::UsageLog& log_;
};

v1::UsageBatch batch_of_charge(const std::string& counter, std::int64_t tokens) {
  v1::UsageBatch batch;
  auto& charge = *batch.add_window_charges();
  charge.set_counter(counter);
  charge.set_duration_ms(1'000);
  charge.set_window(5);
  charge.set_tokens(tokens);
  return batch;
}

class UsageRecorderTest : public UsageFixture {
 protected:
  [[nodiscard]] std::unique_ptr<UsageRecorder> record_with(UsageRecorderOptions options = kNeverByItself) {
    return std::make_unique<UsageRecorder>(filling, *store, clock, options,
                                           [this](const Error& error) { errors.push_back(error.what); });
  }
  /// All batches of the stream as one.
  [[nodiscard]] v1::UsageBatch everything() const {
    v1::UsageBatch all;
    EXPECT_TRUE(log->read(0, 1'000'000, [&](events::Sequence, const v1::UsageBatch& batch) {
      all.MergeFrom(batch);
      return true;
    }));
    return all;
  }

  ManualClock clock{1'750'000'000'000};
  FillingLog filling{*log};
  std::vector<std::string> errors;
};

TEST_F(UsageRecorderTest, BringsEveryKindOntoTheStream) {
  const auto recorder = record_with();
  v1::Verification verification = verification_of({"key_1", "ann", 60'000});
  verification.add_tags("päth=/x");
  v1::RatelimitDecision decision;
  decision.set_identifier("ann");
  recorder->record(verification);
  recorder->record(decision);
  recorder->charged("counter", 1'000, 5, 3);
  recorder->flush();
  const v1::UsageBatch all = everything();
  ASSERT_EQ(all.verifications_size(), 1);
  EXPECT_EQ(all.verifications(0).SerializeAsString(), verification.SerializeAsString());
  ASSERT_EQ(all.ratelimit_decisions_size(), 1);
  EXPECT_EQ(all.ratelimit_decisions(0).identifier(), "ann");
  ASSERT_EQ(all.window_charges_size(), 1);
  EXPECT_EQ(all.window_charges(0).counter(), "counter");
  EXPECT_EQ(all.time_ms(), clock.now_ms());
}

TEST_F(UsageRecorderTest, FoldsWhatItWrote) {
  const auto recorder = record_with();
  recorder->record(verification_of({"key_1", "ann", 60'000}));
  recorder->charged("counter", 1'000, 5, 3);
  recorder->flush();
  EXPECT_EQ(last_used("key_1"), 60'000);
  EXPECT_EQ(windows(0).at("counter/1000/5"), 3);
}

TEST_F(UsageRecorderTest, WritesByItself) {
  const auto recorder = record_with({.batch_interval_ms = 1});
  recorder->record(verification_of({"key_1", "ann", 60'000}));
  EXPECT_TRUE(log->wait(0, 60'000));
}

TEST_F(UsageRecorderTest, LosesNothingWhenItEnds) {
  record_with()->record(verification_of({"key_1", "ann", 60'000}));
  EXPECT_EQ(everything().verifications_size(), 1);
  EXPECT_EQ(last_used("key_1"), 60'000);
}

TEST_F(UsageRecorderTest, LosesNothingOfManyThreads) {
  constexpr int kThreads = 8;
  constexpr int kRecords = 2'000;
  const auto recorder = record_with({.batch_interval_ms = 1});
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&recorder, t] {
      const auto verification = verification_of({"key_" + std::to_string(t), "ann", 60'000});
      for (int i = 0; i < kRecords; ++i) {
        recorder->record(verification);
        recorder->charged("counter", 1'000, 5, 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  recorder->flush();
  const auto stats = recorder->stats();
  EXPECT_EQ(stats.recorded + stats.dropped, 2u * kThreads * kRecords);
  EXPECT_EQ(stats.dropped, 0u);
  EXPECT_EQ(windows(0).at("counter/1000/5"), kThreads * kRecords);
}

TEST_F(UsageRecorderTest, DropsAndCountsWhatFindsNoRoom) {
  const auto recorder = record_with({.batch_interval_ms = 3'600'000, .buffer_records_max = 16});
  for (int i = 0; i < 100; ++i) recorder->charged("counter", 1'000, 5, 1);
  recorder->flush();
  const auto stats = recorder->stats();
  EXPECT_EQ(stats.recorded, 32u);  // 16 shards, each with room for one more than its share
  EXPECT_EQ(stats.dropped, 68u);
  EXPECT_EQ(windows(0).at("counter/1000/5"), 32);
  recorder->charged("counter", 1'000, 5, 1);
  recorder->flush();
  EXPECT_EQ(windows(0).at("counter/1000/5"), 33);
}

TEST_F(UsageRecorderTest, CountsALargeRecordAsSeveral) {
  const auto recorder = record_with({.batch_interval_ms = 3'600'000, .buffer_records_max = 160});
  v1::Verification verification;
  verification.add_tags(std::string(9'000, 'x'));
  for (int i = 0; i < 100; ++i) recorder->record(verification);
  EXPECT_EQ(recorder->stats().recorded, 16u);
}

TEST_F(UsageRecorderTest, DropsWhatCannotBeWrittenAndGoesOn) {
  const auto recorder = record_with();
  filling.is_full = true;
  for (int i = 0; i < 3; ++i) {
    recorder->record(verification_of({"key_1", "ann", 60'000}));
    recorder->flush();
  }
  EXPECT_EQ(recorder->stats().dropped, 3u);
  EXPECT_EQ(recorder->stats().errors, 3u);
  EXPECT_EQ(errors, std::vector<std::string>{"no space left"}) << "told once a minute";
  filling.is_full = false;
  recorder->record(verification_of({"key_2", "ann", 60'000}));
  recorder->flush();
  EXPECT_EQ(last_used("key_1"), 0);
  EXPECT_EQ(last_used("key_2"), 60'000);
}

TEST_F(UsageRecorderTest, FoldsEachBatchOnceWhereOthersWriteToo) {
  int others = 0;
  filling.others = [&] {
    if (++others % 2 == 0) append(batch_of_charge("counter", 100));
  };
  const auto recorder = record_with();
  for (int i = 0; i < 6; ++i) {
    recorder->charged("counter", 1'000, 5, 1);
    recorder->flush();
  }
  EXPECT_EQ(windows(0).at("counter/1000/5"), 306);
  EXPECT_EQ(store->next(), 9u);
}

TEST_F(UsageRecorderTest, FoldsWhatOthersWroteWhenNothingIsRecordedHere) {
  const auto recorder = record_with({.batch_interval_ms = 1});
  append(batch_of_charge("counter", 100));
  while (store->next() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(windows(0).at("counter/1000/5"), 100);
}

TEST_F(UsageRecorderTest, TellsWhenItLastWroteEverything) {
  const auto recorder = record_with();
  clock.advance_ms(5'000);
  recorder->flush();
  const std::int64_t written_at_ms = clock.now_ms();
  EXPECT_EQ(recorder->stats().last_flush_at_ms, written_at_ms);
  filling.is_full = true;
  clock.advance_ms(5'000);
  recorder->charged("counter", 1'000, 5, 1);
  recorder->flush();
  EXPECT_EQ(recorder->stats().last_flush_at_ms, written_at_ms);
}

TEST_F(UsageRecorderTest, KeepsTextThatIsNoUtf8OffTheStream) {
  const auto recorder = record_with();
  recorder->charged("\xff", 1'000, 5, 1);
  recorder->flush();
  EXPECT_EQ(recorder->stats().dropped, 1u);
  EXPECT_EQ(log->next(), 0u);
}

TEST_F(UsageRecorderTest, WritesLargeAmountsInSeveralBatches) {
  const auto recorder = record_with();
  v1::Verification verification = verification_of({"key_1", "ann", 60'000});
  verification.add_tags(std::string(1'000, 'x'));
  for (int i = 0; i < 3'000; ++i) recorder->record(verification);
  recorder->flush();
  EXPECT_EQ(log->next(), 4u);
  EXPECT_EQ(everything().verifications_size(), 3'000);
}

TEST(SplitUsage, CutsBetweenRecords) {
  v1::UsageBatch batch;
  for (int i = 0; i < 5; ++i) batch.add_verifications()->set_request_id(std::string(8, 'x'));
  const std::string bytes = batch.SerializeAsString();
  ASSERT_EQ(bytes.size(), 60u);
  const auto pieces = split_usage(bytes, 25);
  ASSERT_EQ(pieces.size(), 3u);
  std::string joined;
  for (const auto& piece : pieces) joined += piece.bytes;
  EXPECT_EQ(joined, bytes);
  EXPECT_EQ(pieces[0].records, 2u);
  EXPECT_EQ(pieces[2].records, 1u);
  EXPECT_EQ(split_usage(bytes, 1).size(), 5u);
}

}  // namespace
}  // namespace keyfold::projections::testing
