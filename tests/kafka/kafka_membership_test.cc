#include "events/kafka/kafka_membership.h"

#include <condition_variable>
#include <mutex>
#include <set>

#include "tests/kafka/kafka_fixture.h"

namespace keyfold::events {
namespace {

constexpr std::uint32_t kAll = 4;

/// One process of the group, and what it was told to own.
class Process {
 public:
  explicit Process(const KafkaOptions& options) : membership_(KafkaMembership::make(options).value()) {
    const Status joined =
        membership_->join({[this](const auto& ids) { assign(ids); }, [this](const auto& ids) { revoke(ids); }});
    EXPECT_TRUE(joined);
  }

  std::set<PartitionId> wait_until_it_owns(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return owned_.size() == count; });
    return owned_;
  }
  void leave() { membership_->leave(); }
  std::set<PartitionId> owned() {
    const std::lock_guard lock(mutex_);
    return owned_;
  }

 private:
  void assign(const std::vector<PartitionId>& ids) {
    const std::lock_guard lock(mutex_);
    for (const PartitionId id : ids) EXPECT_TRUE(owned_.insert(id).second) << id;
    changed_.notify_all();
  }
  void revoke(const std::vector<PartitionId>& ids) {
    const std::lock_guard lock(mutex_);
    for (const PartitionId id : ids) EXPECT_EQ(owned_.erase(id), 1u) << id;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<PartitionId> owned_;
  std::unique_ptr<KafkaMembership> membership_;  // last: its thread uses the others
};

class KafkaMembershipTest : public ::testing::Test {
 protected:
  KafkaMembershipTest() { testing::make_topic(options_.topic_prefix + ".events", kAll, {}); }
  const KafkaOptions options_ = testing::kafka_options(testing::new_topic_prefix());
};

TEST_F(KafkaMembershipTest, OneMemberOwnsEveryPartition) {
  Process only(options_);
  EXPECT_EQ(only.wait_until_it_owns(kAll), (std::set<PartitionId>{0, 1, 2, 3}));
}

TEST_F(KafkaMembershipTest, TwoMembersShareThePartitions) {
  Process first(options_);
  first.wait_until_it_owns(kAll);
  Process second(options_);
  std::set<PartitionId> all = second.wait_until_it_owns(kAll / 2);
  all.merge(first.wait_until_it_owns(kAll / 2));
  EXPECT_EQ(all.size(), kAll);
}

TEST_F(KafkaMembershipTest, OthersTakeOverWhenAMemberLeaves) {
  Process first(options_);
  first.wait_until_it_owns(kAll);
  Process second(options_);
  second.wait_until_it_owns(kAll / 2);
  first.leave();
  EXPECT_TRUE(first.owned().empty());
  EXPECT_EQ(second.wait_until_it_owns(kAll).size(), kAll);
  first.leave();
}

}  // namespace
}  // namespace keyfold::events
