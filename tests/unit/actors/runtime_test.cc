#include "actors/runtime.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "actors/submit.h"
#include "events/embedded_log.h"
#include "projections/key.h"
#include "projections/rows.pb.h"
#include "tests/temporary_directory.h"
#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

using keyfold::testing::TemporaryDirectory;

Outcome ask(Runtime& runtime, v1::Command command) { return submit(runtime, std::move(command)).get(); }

v1::Command in_workspace(const std::string& workspace_id, const std::string& text) {
  return parse_command("workspace_id: '" + workspace_id + "' " + text);
}

/// Passes everything on to a log, but holds or fails appends when told to.
class GatedLog final : public events::Log {
 public:
  explicit GatedLog(events::Log& log) : log_(log) {}
  [[nodiscard]] std::uint32_t partitions() const override { return log_.partitions(); }
  [[nodiscard]] events::ChainState tail(events::PartitionId partition) const override { return log_.tail(partition); }
  [[nodiscard]] Status append(std::span<const events::Append> appends) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_open_; });
    if (fails_) return fail(ErrorCode::kUnknownOutcome, "the broker did not answer");
    return log_.append(appends);
  }
  [[nodiscard]] Result<events::Sequence> read(events::PartitionId partition, events::Sequence from, std::size_t max,
                                              const events::RecordVisitor& visit) const override {
    return log_.read(partition, from, max, visit);
  }
  [[nodiscard]] bool wait(events::PartitionId partition, events::Sequence sequence,
                          std::int64_t timeout_ms) const override {
    return log_.wait(partition, sequence, timeout_ms);
  }

  void close() { set(is_open_, false); }
  void open() { set(is_open_, true); }
  void fail_from_now_on() { set(fails_, true); }

 private:
  void set(bool& what, bool value) {
    const std::lock_guard lock(mutex_);
    what = value;
    changed_.notify_all();
  }

  events::Log& log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = true;
  bool fails_ = false;
};

/// A runtime over a real log and real projections in a directory; `restart` closes and opens all of it.
class RuntimeTest : public ::testing::Test {
 protected:
  RuntimeTest() { open(); }

  void open(const RuntimeOptions& options = {}) {
    log_ = events::EmbeddedLog::open({.directory = directory_.path() / "log"}).value();
    gate_ = std::make_unique<GatedLog>(*log_);
    projections_ = projections::Projections::open(directory_.path() / "projections", *log_, {}).value();
    runtime_ = std::make_unique<Runtime>(*gate_, *projections_, clock_, options);
    const Status started = runtime_->start();
    EXPECT_TRUE(started) << started.error().to_string();
  }
  void close() {
    runtime_.reset();
    projections_.reset();
    gate_.reset();
    log_.reset();
  }
  void restart(const RuntimeOptions& options = {}) {
    close();
    open(options);
  }

  /// A workspace with an API `<id>_api`.
  void furnish(const std::string& id) {
    ASSERT_TRUE(ask(*runtime_, in_workspace(id, "create_workspace { workspace_id: '" + id + "' }")));
    ASSERT_TRUE(ask(
        *runtime_, in_workspace(id, "create_api { api_id: '" + id + "_api' keyspace_id: '" + id + "_ks' name: 'n' }")));
  }
  static v1::Command create_key(const std::string& workspace, const std::string& key_id) {
    v1::Command command = in_workspace(workspace, "create_key { enabled: true credits_remaining: 100 }");
    command.mutable_create_key()->set_key_id(key_id);
    command.mutable_create_key()->set_api_id(workspace + "_api");
    command.mutable_create_key()->set_hash(std::string(as_view(sha256(key_id))));
    return command;
  }
  static void make_idempotent(v1::Command& command, const std::string& key) {
    command.mutable_idempotency()->set_key_hash(std::string(as_view(sha256(key))));
    command.mutable_idempotency()->set_request_hash("request");
    command.mutable_idempotency()->set_expires_at_ms(kNow + 86'400'000);
    command.mutable_idempotency()->mutable_answer()->set_data_json("{\"for\":\"" + key + "\"}");
  }

  /// Every event of the log in order of partition and sequence; sequences are dense and the chain holds.
  std::vector<events::Event> all_events() {
    std::vector<events::Event> all;
    for (events::PartitionId partition = 0; partition < log_->partitions(); ++partition) {
      events::ChainState chain;
      const auto read = log_->read(partition, 0, 1'000'000, [&](events::Sequence sequence, events::RecordView record) {
        events::Event event;
        EXPECT_TRUE(events::decode(record, event));
        EXPECT_EQ(event.header.sequence(), sequence);
        EXPECT_EQ(events::accept(chain, event.header, record.header), events::Verdict::kApplied);
        all.push_back(std::move(event));
        return true;
      });
      EXPECT_EQ(read.value(), log_->tail(partition).next);
      EXPECT_EQ(chain.next, log_->tail(partition).next);
    }
    return all;
  }

  /// The live projections' digests, and those of a replay into a new directory.
  void expect_replay_gives_the_same() {
    const auto digests = [](const projections::Projections& projections) {
      std::string lines;
      const auto all = projections.digest().value();
      for (const auto& digest : all) lines += digest.to_string() + "\n";
      return lines;
    };
    const TemporaryDirectory replayed;
    const auto again = projections::Projections::open(replayed.path() / "projections", *log_, {}).value();
    EXPECT_EQ(digests(*projections_), digests(*again));
  }

  TemporaryDirectory directory_;
  ManualClock clock_{kNow};
  std::unique_ptr<events::EmbeddedLog> log_;
  std::unique_ptr<GatedLog> gate_;
  std::unique_ptr<projections::Projections> projections_;
  std::unique_ptr<Runtime> runtime_;
};

TEST_F(RuntimeTest, MakesAChangeReadableBeforeItAnswers) {
  furnish("ws_1");
  const Outcome outcome = ask(*runtime_, create_key("ws_1", "key_1"));
  ASSERT_TRUE(outcome) << outcome.error().detail;
  const auto partition = events::partition_of("ws_1", log_->partitions());
  EXPECT_EQ(outcome->position.partition, partition);
  EXPECT_EQ(log_->tail(partition).next, outcome->position.sequence + 1);
  EXPECT_TRUE(projections::find_key(projections_->reader(partition), "key_1"));
  EXPECT_TRUE(projections_->keys(partition).visit(sha256("key_1"), [](const projections::KeyView&) {}));
}

TEST_F(RuntimeTest, OpensANewEpochInEveryPartitionAtEachStart) {
  furnish("ws_1");
  clock_.advance_ms(-60'000);
  restart();
  std::map<events::PartitionId, std::vector<std::uint64_t>> epochs;
  std::map<events::PartitionId, std::int64_t> times;
  for (const events::Event& event : all_events()) {
    const v1::EventHeader& header = event.header;
    EXPECT_GE(header.time_ms(), times[header.partition()]) << "time ran backwards";
    times[header.partition()] = header.time_ms();
    if (!event.payload.has_partition_opened()) continue;
    epochs[header.partition()].push_back(event.payload.partition_opened().epoch());
    EXPECT_EQ(header.stream_kind() + "/" + header.stream_id(), "partition/" + std::to_string(header.partition()));
    EXPECT_EQ(header.principal().type(), v1::Principal::SYSTEM);
    EXPECT_EQ(header.principal().id(), "keyfold");
  }
  ASSERT_EQ(epochs.size(), 4u);
  for (const auto& [partition, opened] : epochs) EXPECT_EQ(opened, (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(RuntimeTest, GivesARepeatTheSameAnswerAfterARestart) {
  furnish("ws_1");
  v1::Command command = create_key("ws_1", "key_1");
  make_idempotent(command, "again");
  const Outcome first = ask(*runtime_, command);
  restart();
  command.mutable_create_key()->set_key_id("key_of_the_retry");
  const Outcome second = ask(*runtime_, command);
  ASSERT_TRUE(second && second->replayed);
  EXPECT_EQ(second->replayed->data_json(), "{\"for\":\"again\"}");
  EXPECT_EQ(second->position, first->position);
  EXPECT_FALSE(projections::find_key(projections_->reader(first->position.partition), "key_of_the_retry"));
}

TEST_F(RuntimeTest, LosesAndDoublesNothingUnderManySubmitters) {
  constexpr int kSubmitters = 64;
  constexpr int kKeysEach = 20;
  constexpr int kWorkspaces = 8;
  for (int w = 0; w < kWorkspaces; ++w) furnish("ws_" + std::to_string(w));
  std::mutex mutex;
  std::map<std::string, events::Position> accepted;  // of each key, its creation's position
  std::atomic<int> spent{0};
  std::vector<std::thread> submitters;
  for (int s = 0; s < kSubmitters; ++s) {
    submitters.emplace_back([&, s] {
      const std::string workspace = "ws_" + std::to_string(s % kWorkspaces);
      for (int k = 0; k < kKeysEach; ++k) {
        const std::string key_id = "key_" + std::to_string(s) + "_" + std::to_string(k);
        v1::Command command = create_key(workspace, key_id);
        if (k % 2 == 0) make_idempotent(command, key_id);
        auto first = submit(*runtime_, command);
        if (k % 2 == 0) {
          const Outcome repeat = ask(*runtime_, command);
          ASSERT_TRUE(repeat && repeat->replayed);
          EXPECT_EQ(repeat->replayed->data_json(), "{\"for\":\"" + key_id + "\"}");
        }
        const Outcome outcome = first.get();
        ASSERT_TRUE(outcome) << outcome.error().detail;
        v1::Command spend = in_workspace(workspace, "spend_credits { cost: 60 }");
        spend.mutable_spend_credits()->set_key_id(key_id);
        auto one = submit(*runtime_, spend);
        auto other = submit(*runtime_, spend);
        spent += one.get().has_value() + other.get().has_value();
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(accepted.emplace(key_id, outcome->position).second);
      }
    });
  }
  for (std::thread& submitter : submitters) submitter.join();
  runtime_->drain();

  EXPECT_EQ(spent, kSubmitters * kKeysEach) << "of 100 credits, 60 can be spent once";
  std::map<std::string, int> created;
  for (const events::Event& event : all_events()) {
    if (!event.payload.has_key_created()) continue;
    const std::string& key_id = event.payload.key_created().key_id();
    ++created[key_id];
    ASSERT_TRUE(accepted.contains(key_id));
    EXPECT_EQ(accepted[key_id].partition, event.header.partition());
    EXPECT_EQ(accepted[key_id].sequence,
              event.header.sequence() + event.header.batch_size() - 1 - event.header.batch_index());
  }
  EXPECT_EQ(created.size(), accepted.size());
  for (const auto& [key_id, times] : created) EXPECT_EQ(times, 1) << key_id;
  expect_replay_gives_the_same();

  const Runtime::Stats stats = runtime_->stats();
  EXPECT_EQ(stats.accepted, 2u * kWorkspaces + 2u * kSubmitters * kKeysEach);
  EXPECT_EQ(stats.replayed, 1u * kSubmitters * kKeysEach / 2);
  EXPECT_EQ(stats.rejected, 1u * kSubmitters * kKeysEach);
  EXPECT_EQ(stats.in_flight, 0u);
  EXPECT_GT(stats.appends, 0u);
  EXPECT_LE(stats.appends, stats.records);
}

TEST_F(RuntimeTest, RefusesAtOnceWhatItsQueueCanNotHold) {
  restart({.queue_commands_max = 3});
  furnish("ws_1");
  gate_->close();
  std::vector<std::future<Outcome>> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(submit(*runtime_, create_key("ws_1", "key_" + std::to_string(i))));
  const Outcome refused = ask(*runtime_, create_key("ws_1", "key_3"));
  EXPECT_EQ(refused.error().code, RejectionCode::kOverloaded);
  EXPECT_EQ(runtime_->stats().overloaded, 1u);
  EXPECT_EQ(runtime_->stats().in_flight, 3u);
  gate_->open();
  for (auto& outcome : waiting) EXPECT_TRUE(outcome.get());
}

TEST_F(RuntimeTest, AnswersWhatIsInFlightAndRefusesTheRestWhenItDrains) {
  furnish("ws_1");
  gate_->close();
  auto waiting = submit(*runtime_, create_key("ws_1", "key_1"));
  std::thread draining([this] { runtime_->drain(); });
  // A partition that waits for nothing tells at once when the runtime has begun to drain.
  std::string elsewhere = "ws_2";
  while (events::partition_of(elsewhere, 4) == events::partition_of("ws_1", 4)) elsewhere += "x";
  while (ask(*runtime_, in_workspace(elsewhere, "delete_api {}")).error().code != RejectionCode::kOverloaded) {
  }
  EXPECT_EQ(waiting.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  gate_->open();
  EXPECT_TRUE(waiting.get());
  draining.join();
  EXPECT_EQ(ask(*runtime_, create_key("ws_1", "key_2")).error().code, RejectionCode::kOverloaded);
  runtime_->drain();
}

TEST_F(RuntimeTest, TellsThatAnOutcomeIsUnknownWhenTheAppendFailsAndKnowsItAfterARestart) {
  furnish("ws_1");
  v1::Command command = create_key("ws_1", "key_1");
  make_idempotent(command, "again");
  gate_->close();
  auto first = submit(*runtime_, command);
  auto repeat = submit(*runtime_, command);
  gate_->fail_from_now_on();
  gate_->open();
  EXPECT_EQ(first.get().error().code, RejectionCode::kUnknownOutcome);
  EXPECT_EQ(repeat.get().error().code, RejectionCode::kUnknownOutcome);
  EXPECT_EQ(ask(*runtime_, command).error().code, RejectionCode::kOverloaded);
  restart();
  const Outcome retried = ask(*runtime_, command);
  ASSERT_TRUE(retried);
  EXPECT_FALSE(retried->replayed) << "the failed append left nothing behind";
  expect_replay_gives_the_same();
}

TEST_F(RuntimeTest, TakesNothingBeforeItStarts) {
  Runtime other(*gate_, *projections_, clock_, {});
  EXPECT_EQ(ask(other, create_key("ws_1", "key_1")).error().code, RejectionCode::kOverloaded);
}

TEST_F(RuntimeTest, StartsOnce) { EXPECT_EQ(runtime_->start().error().code, ErrorCode::kFailedPrecondition); }

}  // namespace
}  // namespace keyfold::actors::testing
