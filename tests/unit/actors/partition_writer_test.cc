#include "actors/partition_writer.h"

#include <google/protobuf/stubs/logging.h>
#include <gtest/gtest.h>

#include <functional>

#include "projections/key.h"
#include "projections/rows.pb.h"
#include "tests/unit/actors/memory_projections.h"
#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {
namespace {

constexpr events::PartitionId kPartition = 2;

class Sink final : public OutcomeSink {
 public:
  explicit Sink(std::vector<Outcome>& outcomes) : outcomes_(outcomes) {}
  void complete(Outcome outcome) override { outcomes_.push_back(std::move(outcome)); }

 private:
  std::vector<Outcome>& outcomes_;
};

/// A writer whose log is a list of records that the test makes durable.
class PartitionWriterTest : public ::testing::Test {
 protected:
  PartitionWriterTest() {
    // PartitionOpened was sequence 0.
    start_.chain.next = 1;
    start_.chain.epoch = 3;
    start_.time_ms = kNow;
    projections_.next_ = 1;
    writer_.emplace(
        kPartition, start_, projections_,
        [this](events::Sequence first, std::vector<events::Record> records) {
          EXPECT_EQ(first, start_.chain.next + records_.size());
          for (events::Record& record : records) records_.push_back(std::move(record));
          ++appends_;
        },
        counters_);
  }

  /// Its outcome's place in outcomes of that name, once it is there.
  std::vector<Outcome>& submit(const std::string& text) { return submit(parse_command(text)); }
  std::vector<Outcome>& submit(v1::Command command) {
    counters_.in_flight.fetch_add(1);
    auto& outcomes = outcomes_.emplace_back();
    writer_->submit(std::move(command), std::make_unique<Sink>(outcomes));
    return outcomes;
  }
  void make_durable() { writer_->on_durable(start_.chain.next + records_.size()); }

  /// A workspace, an API and a key with credits, committed.
  void furnish() {
    submit("create_workspace { workspace_id: 'ws_1' }");
    submit("create_api { api_id: 'api_1' keyspace_id: 'ks_1' }");
    submit("create_key { key_id: 'key_1' api_id: 'api_1' hash: 'h1' enabled: true credits_remaining: 10 }");
    make_durable();
  }

  std::vector<events::Event> events() {
    std::vector<events::Event> decoded(records_.size());
    for (std::size_t i = 0; i < records_.size(); ++i) {
      EXPECT_TRUE(events::decode({records_[i].header, records_[i].payload}, decoded[i]));
    }
    return decoded;
  }

  PartitionStart start_;
  MemoryProjections projections_{kPartition};
  PartitionCounters counters_;
  std::vector<events::Record> records_;
  int appends_ = 0;
  std::deque<std::vector<Outcome>> outcomes_;
  std::optional<PartitionWriter> writer_;
};

v1::Command with_idempotency(const std::string& text, const std::string& key, const std::string& request,
                             std::int64_t expires_at_ms = kNow + 1'000) {
  v1::Command command = parse_command(text);
  command.mutable_idempotency()->set_key_hash(key);
  command.mutable_idempotency()->set_request_hash(request);
  command.mutable_idempotency()->set_expires_at_ms(expires_at_ms);
  command.mutable_idempotency()->mutable_answer()->set_data_json("{\"of\":\"" + request + "\"}");
  return command;
}

const std::string kSpend = "spend_credits { key_id: 'key_1' cost: 3 }";

TEST_F(PartitionWriterTest, AnswersOnlyWhenTheEventsAreDurableAndApplied) {
  const auto& outcomes = submit("create_workspace { workspace_id: 'ws_1' }");
  EXPECT_EQ(records_.size(), 1u);
  EXPECT_TRUE(outcomes.empty());
  writer_->on_durable(1);
  EXPECT_TRUE(outcomes.empty());
  writer_->on_durable(2);
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0]->position, (events::Position{kPartition, 1}));
  EXPECT_TRUE(projections_.rows_.get(projections::Table::kWorkspaces, "w/ws_1"));
  EXPECT_EQ(projections_.next_, 2u);
}

TEST_F(PartitionWriterTest, DecidesOnTopOfWhatIsPending) {
  submit("create_workspace { workspace_id: 'ws_1' }");
  submit("create_api { api_id: 'api_1' keyspace_id: 'ks_1' }");
  const auto& key = submit("create_key { key_id: 'key_1' api_id: 'api_1' hash: 'h1' }");
  const auto& same_key = submit("create_key { key_id: 'key_1' api_id: 'api_1' hash: 'h2' }");
  make_durable();
  ASSERT_EQ(key.size(), 1u);
  EXPECT_TRUE(key[0]);
  ASSERT_EQ(same_key.size(), 1u);
  EXPECT_EQ(same_key[0].error().code, RejectionCode::kIdTaken);
}

TEST_F(PartitionWriterTest, ExtendsTheChainWithWholeBatches) {
  submit("create_workspace { workspace_id: 'ws_1' }");
  submit("create_api { api_id: 'api_1' keyspace_id: 'ks_1' }");
  v1::Command command = parse_command(
      "principal { type: ROOT_KEY id: 'rk' name: 'n' } request_id: 'req' causation_id: 'cause' remote_ip: 'ip' "
      "user_agent: 'ua' create_role { role_id: 'role_1' name: 'r' may_create: true permissions { name: 's' "
      "candidate_id: 'p' } }");
  submit(command);
  events::ChainState chain = start_.chain;
  const auto decided = events();
  ASSERT_EQ(decided.size(), 5u);
  for (std::size_t i = 0; i < decided.size(); ++i) {
    EXPECT_EQ(events::accept(chain, decided[i].header, records_[i].header), events::Verdict::kApplied);
    EXPECT_EQ(decided[i].header.partition(), kPartition);
    EXPECT_EQ(decided[i].header.workspace_id(), "ws_1");
    EXPECT_EQ(decided[i].header.event_id().size(), 16u);
  }
  const v1::EventHeader& permission = decided[3].header;
  const v1::EventHeader& role = decided[4].header;
  EXPECT_EQ(permission.batch_index(), 0u);
  EXPECT_EQ(role.batch_index(), 1u);
  EXPECT_EQ(role.batch_size(), 2u);
  EXPECT_EQ(role.stream_kind() + "/" + role.stream_id(), "role/role_1");
  EXPECT_EQ(role.principal().id(), "rk");
  EXPECT_EQ(role.request_id() + role.causation_id() + role.remote_ip() + role.user_agent(), "reqcauseipua");
  EXPECT_NE(role.event_id(), permission.event_id());
}

TEST_F(PartitionWriterTest, CommitsAllThatOneAppendMadeDurableAtOnce) {
  furnish();
  const int commits = projections_.commits_;
  const std::size_t rows = projections_.rows_committed_;
  for (int i = 0; i < 3; ++i) submit(kSpend);
  make_durable();
  EXPECT_EQ(projections_.commits_, commits + 1);
  EXPECT_EQ(projections_.rows_committed_, rows + 1) << "three changes of one row are written once";
  EXPECT_EQ(projections::find_key(projections_.rows_, "key_1")->credits_remaining(), 1);
}

TEST_F(PartitionWriterTest, SeesItsOwnLaterChangesWhenEarlierOnesAreCommitted) {
  furnish();
  submit(kSpend);
  const events::Sequence first = start_.chain.next + records_.size();
  submit(kSpend);
  writer_->on_durable(first);
  const auto& third = submit(kSpend);
  const auto& fourth = submit(kSpend);
  make_durable();
  EXPECT_EQ(third[0]->credits_remaining, 1);
  EXPECT_EQ(fourth[0].error().code, RejectionCode::kCreditsExceeded);
  EXPECT_EQ(fourth[0].error().credits_remaining, 1);
}

TEST_F(PartitionWriterTest, KeepsNoCopyOfWhatIsCommitted) {
  furnish();
  projections_.rows_ = MemoryRows();
  EXPECT_EQ(submit(kSpend).at(0).error().code, RejectionCode::kWorkspaceNotFound);
}

TEST_F(PartitionWriterTest, HoldsBackAnswersThatRestOnWhatIsNotDurable) {
  furnish();
  submit("update_key { key_id: 'key_1' credits { remaining: 1 } }");
  const auto& rejected = submit(kSpend);
  const auto& unchanged = submit("spend_credits { key_id: 'key_1' cost: 0 }");
  EXPECT_TRUE(rejected.empty());
  EXPECT_TRUE(unchanged.empty());
  make_durable();
  EXPECT_EQ(rejected.at(0).error().code, RejectionCode::kCreditsExceeded);
  EXPECT_EQ(unchanged.at(0)->credits_remaining, 1);
}

TEST_F(PartitionWriterTest, AnswersAtOnceWhenNothingIsPendingAndNothingChanges) {
  furnish();
  const auto& rejected = submit("delete_key { key_id: 'none' }");
  const auto& unchanged = submit("spend_credits { key_id: 'key_1' cost: 0 }");
  EXPECT_EQ(rejected.at(0).error().code, RejectionCode::kKeyNotFound);
  EXPECT_EQ(unchanged.at(0)->credits_remaining, 10);
  EXPECT_EQ(unchanged.at(0)->position.sequence, start_.chain.next + records_.size() - 1);
}

TEST_F(PartitionWriterTest, NeverLetsTimeRunBackwards) {
  furnish();
  v1::Command early = parse_command("create_role { role_id: 'role_1' name: 'r' }");
  early.set_time_ms(kNow - 5'000);
  submit(early);
  v1::Command late = parse_command("create_role { role_id: 'role_2' name: 's' }");
  late.set_time_ms(kNow + 5'000);
  submit(late);
  submit("create_role { role_id: 'role_3' name: 't' }");
  const auto decided = events();
  EXPECT_EQ(decided.end()[-3].header.time_ms(), kNow);
  EXPECT_EQ(decided.end()[-2].header.time_ms(), kNow + 5'000);
  EXPECT_EQ(decided.end()[-1].header.time_ms(), kNow + 5'000);
}

// ---- Idempotency-Key

TEST_F(PartitionWriterTest, RecordsAnAcceptedCommandAsTheLastEventOfItsBatch) {
  furnish();
  const auto& outcomes = submit(with_idempotency(kSpend, "key", "request"));
  make_durable();
  const auto decided = events();
  const v1::CommandRecorded& recorded = decided.back().payload.command_recorded();
  EXPECT_EQ(recorded.key_hash() + recorded.request_hash(), "keyrequest");
  EXPECT_EQ(recorded.expires_at_ms(), kNow + 1'000);
  EXPECT_EQ(recorded.answer().credits_remaining(), 7);
  EXPECT_EQ(recorded.answer().data_json(), "{\"of\":\"request\"}");
  EXPECT_EQ(decided.back().header.batch_size(), 2u);
  EXPECT_EQ(outcomes[0]->position.sequence, decided.back().header.sequence());
  EXPECT_FALSE(outcomes[0]->replayed);
}

TEST_F(PartitionWriterTest, GivesARepeatTheSameAnswerAndNoEvent) {
  furnish();
  const auto& first = submit(with_idempotency(kSpend, "key", "request"));
  make_durable();
  const std::size_t records = records_.size();
  const auto& repeat = submit(with_idempotency(kSpend, "key", "request"));
  ASSERT_EQ(repeat.size(), 1u);
  EXPECT_EQ(records_.size(), records);
  ASSERT_TRUE(repeat[0]->replayed);
  EXPECT_EQ(repeat[0]->replayed->data_json(), "{\"of\":\"request\"}");
  EXPECT_EQ(repeat[0]->credits_remaining, 7);
  EXPECT_EQ(repeat[0]->position, first[0]->position);
}

TEST_F(PartitionWriterTest, LetsARepeatWaitForTheFirstWhenThatIsInFlight) {
  furnish();
  const auto& first = submit(with_idempotency(kSpend, "key", "request"));
  const std::size_t records = records_.size();
  const auto& repeat = submit(with_idempotency(kSpend, "key", "request"));
  EXPECT_TRUE(repeat.empty());
  EXPECT_EQ(records_.size(), records);
  make_durable();
  EXPECT_FALSE(first.at(0)->replayed);
  ASSERT_TRUE(repeat.at(0)->replayed);
  EXPECT_EQ(repeat[0]->replayed->credits_remaining(), 7);
  EXPECT_EQ(repeat[0]->credits_remaining, 7);
  EXPECT_EQ(repeat[0]->position, first[0]->position);
  const auto& later = submit(with_idempotency(kSpend, "key", "request"));
  EXPECT_EQ(later.at(0)->replayed->SerializeAsString(), repeat[0]->replayed->SerializeAsString());
}

TEST_F(PartitionWriterTest, RefusesAnotherRequestUnderTheSameKey) {
  furnish();
  submit(with_idempotency(kSpend, "key", "request"));
  const auto& in_flight = submit(with_idempotency(kSpend, "key", "other"));
  make_durable();
  EXPECT_EQ(in_flight.at(0).error().code, RejectionCode::kIdempotencyKeyReused);
  const auto& stored = submit(with_idempotency(kSpend, "key", "other"));
  EXPECT_EQ(stored.at(0).error().code, RejectionCode::kIdempotencyKeyReused);
}

TEST_F(PartitionWriterTest, DecidesAnewOnceTheRecordHasExpired) {
  furnish();
  submit(with_idempotency(kSpend, "key", "request", kNow + 1'000));
  make_durable();
  v1::Command repeat = with_idempotency(kSpend, "key", "other", kNow + 9'000);
  repeat.set_time_ms(kNow + 1'000);
  const auto& outcomes = submit(repeat);
  make_durable();
  EXPECT_FALSE(outcomes.at(0)->replayed);
  EXPECT_EQ(outcomes[0]->credits_remaining, 4);
}

TEST_F(PartitionWriterTest, RecordsAcceptedCommandsThatChangeNothingToo) {
  furnish();
  const std::string free = "spend_credits { key_id: 'key_1' cost: 0 }";
  submit(with_idempotency(free, "key", "request"));
  submit(kSpend);
  make_durable();
  const auto& repeat = submit(with_idempotency(free, "key", "request"));
  EXPECT_EQ(repeat.at(0)->credits_remaining, 10) << "as it was then";
}

TEST_F(PartitionWriterTest, DoesNotRecordRejections) {
  furnish();
  const std::string spend = "spend_credits { key_id: 'key_1' cost: 99 }";
  const auto& first = submit(with_idempotency(spend, "key", "request"));
  EXPECT_EQ(first.at(0).error().code, RejectionCode::kCreditsExceeded);
  submit("update_key { key_id: 'key_1' credits { remaining: 100 } }");
  const auto& repeat = submit(with_idempotency(spend, "key", "request"));
  make_durable();
  EXPECT_EQ(repeat.at(0)->credits_remaining, 1);
  EXPECT_FALSE(repeat[0]->replayed);
}

// ---- what can't be stored, and failures

TEST_F(PartitionWriterTest, RefusesWhatCouldNotBeReadBackAndGoesOn) {
  const google::protobuf::LogSilencer quiet;
  furnish();
  const std::size_t records = records_.size();
  v1::Command bad_text = parse_command("create_role { role_id: 'role_1' }");
  bad_text.mutable_create_role()->set_name("\xff");
  v1::Command large_header = parse_command("create_role { role_id: 'role_1' name: 'r' }");
  large_header.set_user_agent(std::string(70'000, 'x'));
  v1::Command large_payload = parse_command("create_role { role_id: 'role_1' name: 'r' }");
  large_payload.mutable_create_role()->set_description(std::string(17u << 20, 'x'));
  for (const v1::Command& command : {bad_text, large_header, large_payload}) {
    EXPECT_EQ(submit(command).at(0).error().code, RejectionCode::kInvalidInput);
  }
  EXPECT_EQ(records_.size(), records);
  const auto& outcomes = submit("create_role { role_id: 'role_1' name: 'r' }");
  make_durable();
  EXPECT_TRUE(outcomes.at(0));
  events();
}

TEST_F(PartitionWriterTest, AnswersUnknownAndDecidesNothingMoreAfterAFailedAppend) {
  furnish();
  const int appends = appends_;
  const auto& waiting = submit(with_idempotency(kSpend, "key", "request"));
  const auto& repeat = submit(with_idempotency(kSpend, "key", "request"));
  const auto& rejected = submit("delete_key { key_id: 'none' }");
  writer_->on_failure();
  for (const auto* outcomes : {&waiting, &repeat, &rejected}) {
    EXPECT_EQ(outcomes->at(0).error().code, RejectionCode::kUnknownOutcome);
  }
  const auto& later = submit(kSpend);
  EXPECT_EQ(later.at(0).error().code, RejectionCode::kOverloaded);
  EXPECT_NE(later[0].error().detail.find("restart"), std::string::npos);
  make_durable();
  EXPECT_EQ(appends_, appends + 1);
  EXPECT_EQ(projections::find_key(projections_.rows_, "key_1")->credits_remaining(), 10);
}

TEST_F(PartitionWriterTest, AnswersUnknownWhenWhatIsDurableCanNotBeApplied) {
  furnish();
  projections_.fails_ = true;
  const auto& first = submit(kSpend);
  const events::Sequence durable = start_.chain.next + records_.size();
  const auto& second = submit(kSpend);
  writer_->on_durable(durable);
  EXPECT_EQ(first.at(0).error().code, RejectionCode::kUnknownOutcome);
  EXPECT_EQ(second.at(0).error().code, RejectionCode::kUnknownOutcome);
  EXPECT_EQ(submit(kSpend).at(0).error().code, RejectionCode::kOverloaded);
}

TEST_F(PartitionWriterTest, CountsEveryAnswerOnce) {
  furnish();
  submit(with_idempotency(kSpend, "key", "request"));
  submit(with_idempotency(kSpend, "key", "request"));
  submit("delete_key { key_id: 'none' }");
  EXPECT_EQ(counters_.in_flight, 3u);
  make_durable();
  EXPECT_EQ(counters_.accepted, 4u);
  EXPECT_EQ(counters_.replayed, 1u);
  EXPECT_EQ(counters_.rejected, 1u);
  EXPECT_EQ(counters_.in_flight, 0u);
}

}  // namespace
}  // namespace keyfold::actors::testing
