#include "events/kafka/kafka_log.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "events/kafka/kafka_producer.h"
#include "events/kafka/kafka_topic.h"
#include "events/kafka/log_tail.h"
#include "events/record_reader.h"
#include "events/stored_record.h"

namespace keyfold::events {
namespace {

constexpr std::int64_t kWaitMsMax = 86'400'000;
/// How often a wait for acknowledgements looks whether the partition has another writer by now.
constexpr int kLookMs = 50;

TopicSpec events_topic(const std::string& name, std::uint32_t partitions) {
  return {name,
          partitions,
          {{"cleanup.policy", "delete"},
           {"retention.ms", "-1"},
           {"retention.bytes", "-1"},
           {"message.timestamp.type", "LogAppendTime"},
           {"max.message.bytes", std::to_string(kKafkaRecordBytesMax), TopicSetting::Rule::kAtLeast}}};
}

class LogOnKafka final : public KafkaLog {
 public:
  LogOnKafka(KafkaLogOptions options, std::string topic, std::uint32_t partitions, std::unique_ptr<LogTail> tail)
      : options_(std::move(options)),
        topic_(std::move(topic)),
        partitions_(partitions),
        tail_(std::move(tail)),
        writers_(partitions) {}

  std::uint32_t partitions() const override { return partitions_; }

  ChainState tail(PartitionId partition) const override { return tail_->progress(partition).chain; }

  Status append(std::span<const Append> appends) override {
    const Append* only = nullptr;
    for (const Append& append : appends) {
      if (append.records.empty()) continue;
      if (only != nullptr) {
        return fail(ErrorCode::kInvalidArgument, "records of several partitions were offered together", "",
                    "append to one partition at a time");
      }
      only = &append;
    }
    return only == nullptr ? Status() : counted(append_to_partition(*only), only->records.size());
  }

  Result<Sequence> read(PartitionId partition, Sequence from, std::size_t max_records,
                        const RecordVisitor& visit) const override {
    if (partition >= partitions_) return tl::unexpected(no_partition(partition));
    const Sequence next = tail(partition).next;
    if (from >= next) return from;
    return read_records(store(), partition, from, from + std::min<Sequence>(max_records, next - from), visit);
  }

  bool wait(PartitionId partition, Sequence sequence, std::int64_t timeout_ms) const override {
    const Deadline deadline(std::clamp<std::int64_t>(timeout_ms, 0, kWaitMsMax));
    return tail_->wait(partition, deadline.end(),
                       [sequence](const LogTail::Progress& progress) { return progress.chain.next > sequence; });
  }

  void listen(GrowthListener listener) override { tail_->listen(std::move(listener)); }
  void stop_listening() override { tail_->stop_listening(); }

  KafkaLogStats stats() const override {
    KafkaLogStats stats{tail_->records_read(), tail_->records_void(), appended_, fenced_, unknown_, unsent_, {}};
    for (PartitionId p = 0; p < partitions_; ++p) stats.lag.push_back(tail_->lag(p));
    return stats;
  }

  Status reach(std::int64_t timeout_ms) const override { return tail_->reach(timeout_ms); }

  Status verify_all() const override {
    for (PartitionId p = 0; p < partitions_; ++p) {
      if (Status status = verify_records(store(), p, 0, tail(p).next); !status) return status;
    }
    return {};
  }

 private:
  /// A record's place beside its bytes.
  struct Outgoing {
    std::string key;  // the workspace's id
    CloudEventHeaders headers;
  };
  /// What an append's outcome is known by.
  struct Offered {
    PartitionId partition = 0;
    Sequence first = 0;
    std::vector<Digest> hashes;  // leaf hash of each record
    [[nodiscard]] Sequence end() const { return first + hashes.size(); }
  };

  [[nodiscard]] const RocksStore& store() const { return tail_->copy().store(); }

  static Error no_partition(PartitionId partition) {
    return {ErrorCode::kInvalidArgument, "the log has no partition " + std::to_string(partition), "", ""};
  }

  static tl::unexpected<Error> fenced(const Offered& offered) {
    return fail(ErrorCode::kFailedPrecondition, "another writer took the partition over",
                to_string(Position{offered.partition, offered.first}), "read to its end and open a new epoch");
  }

  static tl::unexpected<Error> unknown(const Offered& offered, const std::string& why) {
    return fail(ErrorCode::kUnknownOutcome, "it is not known whether records are on the log: " + why,
                to_string(Position{offered.partition, offered.first}), "open a new epoch, which decides it");
  }

  Status counted(Status status, std::size_t records) {
    if (status) {
      appended_ += records;
    } else if (status.error().code == ErrorCode::kUnknownOutcome) {
      ++unknown_;
    }
    return status;
  }

  Status append_to_partition(const Append& append) {
    std::vector<Outgoing> outgoing;
    outgoing.reserve(append.records.size());
    const auto offered = check(append, outgoing);
    if (!offered) return unsent(offered.error());
    const Deadline deadline(options_.kafka.append_timeout_ms);
    std::unique_ptr<KafkaProducer>& writer = writers_[append.partition];
    if (!writer) {
      auto made = KafkaProducer::make(options_.kafka, topic_, append.partition, deadline);
      if (!made) return unsent(made.error());
      writer = *std::move(made);
    }
    Status status = send(*writer, append, outgoing, deadline);
    if (status) status = outcome(*offered, *writer, deadline);
    // Whatever is still under way must not be sent any more.
    if (!status) writer.reset();
    return status;
  }

  Status unsent(Error error) {
    ++unsent_;
    return tl::unexpected(std::move(error));
  }

  /// Refuses what doesn't extend the partition's chain by whole batches.
  Result<Offered> check(const Append& append, std::vector<Outgoing>& outgoing) const {
    if (append.partition >= partitions_) return tl::unexpected(no_partition(append.partition));
    BatchChain chain(tail(append.partition));
    Offered offered{append.partition, append.first, {}};
    if (append.first != chain.whole().next) {
      return fail(ErrorCode::kFailedPrecondition,
                  "records were offered from sequence " + std::to_string(append.first) + " on, but the next one is " +
                      std::to_string(chain.whole().next),
                  "partition " + std::to_string(append.partition));
    }
    v1::EventHeader header;
    for (const Record& record : append.records) {
      const Position position{append.partition, offered.end()};
      if (record.header.size() > kHeaderBytesMax || record.payload.size() > kPayloadBytesMax) {
        return fail(ErrorCode::kInvalidArgument, "an event is larger than the log keeps", to_string(position));
      }
      if (!read_cloud_event(append.partition, {record.header, record.payload}, header) ||
          chain.accept(header, record.header) == BatchChain::Verdict::kVoid) {
        return fail(ErrorCode::kFailedPrecondition, "a record does not extend its partition's chain",
                    to_string(position), "another writer took over, or its header is wrong");
      }
      offered.hashes.push_back(leaf_hash(record.header));
      outgoing.push_back({header.workspace_id(), cloud_event_headers(header, record.header)});
    }
    if (chain.held() > 0) {
      return fail(ErrorCode::kFailedPrecondition, "the records end inside a batch",
                  to_string(Position{append.partition, offered.end()}));
    }
    return offered;
  }

  Status send(KafkaProducer& writer, const Append& append, const std::vector<Outgoing>& outgoing,
              const Deadline& deadline) {
    writer.begin();
    for (std::size_t i = 0; i < append.records.size(); ++i) {
      Status sent = writer.send(outgoing[i].key, append.records[i].payload, outgoing[i].headers, deadline);
      if (sent) continue;
      if (i == 0) return unsent(sent.error());
      return unknown({append.partition, append.first, {}}, sent.error().what);
    }
    return {};
  }

  Status outcome(const Offered& offered, KafkaProducer& writer, const Deadline& deadline) {
    const KafkaProducer::Delivery& delivery = writer.delivery();
    while (true) {
      if (auto decided = decide(offered, delivery)) return *std::move(decided);
      if (delivery.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return unknown(offered, writer.error("Kafka did not acknowledge them").what);
      }
      if (deadline.is_over()) return unknown(offered, "Kafka did not answer in time");
      if (delivery.pending > 0) {
        writer.flush(std::min(deadline.left_ms(), kLookMs));
      } else {
        (void)tail_->wait(offered.partition, deadline.end(), [&](const LogTail::Progress& progress) {
          return progress.next_offset > delivery.last_offset || progress.chain.next >= offered.end();
        });
      }
    }
  }

  /// The answer, once the copy shows it: the chain runs through our last record, or through another one, or the copy
  /// has judged all that was sent.
  std::optional<Status> decide(const Offered& offered, const KafkaProducer::Delivery& delivery) {
    const LogTail::Progress progress = tail_->progress(offered.partition);
    const Sequence seen = std::min(progress.chain.next, offered.end());
    if (seen > offered.first) {
      Digest hash = progress.chain.last_hash;
      if (seen != progress.chain.next) {
        const auto read = read_leaf_hash(store(), {offered.partition, seen - 1});
        if (!read) return tl::unexpected(read.error());
        hash = *read;
      }
      if (hash == offered.hashes[seen - 1 - offered.first]) {
        if (seen == offered.end()) return Status();
      } else {
        ++fenced_;
        return fenced(offered);
      }
    }
    if (!delivery.all_at_known_offsets() || progress.next_offset <= delivery.last_offset) return std::nullopt;
    ++fenced_;
    return fenced(offered);
  }

  const KafkaLogOptions options_;
  const std::string topic_;
  const std::uint32_t partitions_;
  const std::unique_ptr<LogTail> tail_;
  std::vector<std::unique_ptr<KafkaProducer>> writers_;  // each of its partition's appending thread
  std::atomic<std::uint64_t> appended_ = 0;
  std::atomic<std::uint64_t> fenced_ = 0;
  std::atomic<std::uint64_t> unknown_ = 0;
  std::atomic<std::uint64_t> unsent_ = 0;
};

}  // namespace

Result<std::unique_ptr<KafkaLog>> KafkaLog::open(KafkaLogOptions options) {
  const std::string topic = options.kafka.topic_prefix + ".events";
  const auto facts = ensure_topic(options.kafka, events_topic(topic, options.partitions));
  if (!facts) return tl::unexpected(facts.error());
  auto copy = LogCopy::open(options.directory, {facts->cluster_id, topic, facts->partitions}, options.wal_bytes_max);
  if (!copy) return tl::unexpected(copy.error());
  auto reader = KafkaReader::make(options.kafka, topic);
  if (!reader) return tl::unexpected(reader.error());
  auto tail = std::make_unique<LogTail>(*std::move(copy), *std::move(reader), facts->partitions);
  if (const Status caught_up = tail->catch_up(options.kafka.connect_timeout_ms, options.progress); !caught_up) {
    return tl::unexpected(caught_up.error());
  }
  tail->start();
  return std::make_unique<LogOnKafka>(std::move(options), topic, facts->partitions, std::move(tail));
}

}  // namespace keyfold::events
