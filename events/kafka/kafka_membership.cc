#include "events/kafka/kafka_membership.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "events/kafka/kafka_client.h"

namespace keyfold::events {
namespace {

constexpr int kPollMs = 100;
/// How long a leave may wait for the brokers to take notice; after that they notice by the session's end.
constexpr std::int64_t kLeaveMs = 5'000;

std::vector<PartitionId> ids_of(const rd_kafka_topic_partition_list_t& partitions) {
  std::vector<PartitionId> ids;
  ids.reserve(static_cast<std::size_t>(partitions.cnt));
  for (int i = 0; i < partitions.cnt; ++i) ids.push_back(static_cast<PartitionId>(partitions.elems[i].partition));
  return ids;
}

void ignore(rd_kafka_error_t* error) {
  if (error != nullptr) rd_kafka_error_destroy(error);
}

class Member final : public KafkaMembership {
 public:
  ~Member() override { leave(); }

  Status create(const KafkaOptions& options) {
    topic_ = options.topic_prefix + ".events";
    auto client = KafkaClient::make(
        options, KafkaClient::Kind::kConsumer,
        {{"group.id", options.topic_prefix},
         {"partition.assignment.strategy", "cooperative-sticky"},
         {"session.timeout.ms", std::to_string(options.session_timeout_ms)},
         {"heartbeat.interval.ms", std::to_string(std::max<std::int64_t>(options.session_timeout_ms / 6, 100))},
         {"enable.auto.commit", "false"},
         {"enable.auto.offset.store", "false"}},
        {.rebalanced = [this](rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t& partitions) {
          rebalance(code, partitions);
        }});
    if (!client) return tl::unexpected(client.error());
    client_ = *std::move(client);
    rd_kafka_poll_set_consumer(client_->get());
    return {};
  }

  Status join(Listener listener) override {
    listener_ = std::move(listener);
    const KafkaPartitions topics(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(topics.get(), topic_.c_str(), RD_KAFKA_PARTITION_UA);
    const auto code = rd_kafka_subscribe(client_->get(), topics.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(client_->error(code, "the group can't be joined"));
    thread_ = std::thread([this] { run(); });
    return {};
  }

  void leave() override {
    leaving_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    while (!leaving_) {
      // Rebalances happen in here. No record comes, because every partition is paused.
      const KafkaMessage ignored(rd_kafka_consumer_poll(client_->get(), kPollMs));
    }
    close();
  }

  void close() {
    rd_kafka_queue_t* queue = rd_kafka_queue_new(client_->get());
    ignore(rd_kafka_consumer_close_queue(client_->get(), queue));
    for (const Deadline deadline(kLeaveMs); !rd_kafka_consumer_closed(client_->get()) && !deadline.is_over();) {
      rd_kafka_queue_poll_callback(queue, kPollMs);
    }
    rd_kafka_queue_destroy(queue);
  }

  void rebalance(rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t& partitions) {
    const std::vector<PartitionId> ids = ids_of(partitions);
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
      // From the end: there is nothing to fetch in the moment before the pause, and no committed offset to ask for.
      for (int i = 0; i < partitions.cnt; ++i) partitions.elems[i].offset = RD_KAFKA_OFFSET_END;
      ignore(rd_kafka_incremental_assign(client_->get(), &partitions));
      rd_kafka_pause_partitions(client_->get(), &partitions);
      if (!ids.empty()) listener_.assigned(ids);
    } else if (code == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
      if (!ids.empty()) listener_.revoked(ids);
      ignore(rd_kafka_incremental_unassign(client_->get(), &partitions));
    } else {
      rd_kafka_assign(client_->get(), nullptr);
    }
  }

  std::string topic_;
  Listener listener_;
  std::unique_ptr<KafkaClient> client_;
  std::atomic<bool> leaving_ = false;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<KafkaMembership>> KafkaMembership::make(const KafkaOptions& options) {
  auto member = std::make_unique<Member>();
  if (const Status created = member->create(options); !created) return tl::unexpected(created.error());
  return member;
}

}  // namespace keyfold::events
