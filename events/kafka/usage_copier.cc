#include "events/kafka/usage_copier.h"

#include <algorithm>
#include <limits>

namespace keyfold::events {
namespace {

constexpr int kPollMs = 50;
constexpr int kLocateMs = 1'000;
constexpr std::chrono::milliseconds kRetryInterval{100};
constexpr std::chrono::minutes kTellInterval{1};
constexpr const char* kAwayHint =
    "with keyfold stopped, move the usage and usage_projections directories away: they are made anew from the topic";

std::string_view header(const rd_kafka_message_t& message, const char* name) {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  if (rd_kafka_header_get_last(headers, name, &value, &size) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return {static_cast<const char*>(value), size};
}

}  // namespace

Result<std::unique_ptr<UsageCopier>> UsageCopier::start(const KafkaUsageLogOptions& options, const std::string& topic,
                                                        std::string run, EmbeddedUsageLog& copy) {
  std::unique_ptr<UsageCopier> copier(new UsageCopier(options, std::move(run), copy));
  auto client = KafkaClient::make(options.kafka, KafkaClient::Kind::kConsumer,
                                  {{"group.id", topic},
                                   {"enable.auto.commit", "false"},
                                   {"enable.auto.offset.store", "false"},
                                   // Nobody's open transaction hides what comes after it.
                                   {"isolation.level", "read_uncommitted"},
                                   // Where to go on is for this class to say.
                                   {"auto.offset.reset", "error"},
                                   {"fetch.error.backoff.ms", "50"},
                                   {"queued.max.messages.kbytes", "16384"}});
  if (!client) return tl::unexpected(client.error());
  copier->client_ = *std::move(client);
  rd_kafka_poll_set_consumer(copier->client_->get());
  auto handle = copier->client_->topic(topic);
  if (!handle) return tl::unexpected(handle.error());
  copier->topic_ = *std::move(handle);
  if (const Status located = copier->locate(static_cast<int>(options.kafka.connect_timeout_ms)); !located) {
    return tl::unexpected(located.error());
  }
  copier->thread_ = std::thread([self = copier.get()] { self->copy_all(); });
  return copier;
}

UsageCopier::~UsageCopier() {
  is_ending_ = true;
  if (thread_.joinable()) thread_.join();
}

void UsageCopier::listen(Sequence from, UsageListener listener) {
  std::unique_lock lock(mutex_);
  next_from_ = from;
  next_listener_ = std::move(listener);
  handed_over_.wait(lock, [this] { return next_listener_ == nullptr; });
}

void UsageCopier::stop_listening() {
  const std::lock_guard lock(mutex_);
  listener_ = nullptr;
}

void UsageCopier::copy_all() {
  KafkaMessage message;
  while (!is_ending_) {
    hand_over();
    if (!message) message.reset(rd_kafka_consumer_poll(client_->get(), kPollMs));
    if (!message) continue;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      recover(*message);
      message.reset();
    } else if (take(*message)) {
      message.reset();
    } else {
      std::this_thread::sleep_for(kRetryInterval);
    }
  }
}

/// Finds the end of the topic, and has the consumer go on where the copy ends.
Status UsageCopier::locate(int timeout_ms) {
  const std::string topic = rd_kafka_topic_name(topic_.get());
  const auto held = client_->offsets(topic, 0, Deadline(timeout_ms));
  if (!held) return tl::unexpected(held.error());
  end_ = static_cast<Sequence>(held->high);
  if (copy_.next() > end_) {
    return fail(ErrorCode::kFailedPrecondition,
                "this node has copied " + std::to_string(copy_.next()) + " batches of usage, but the topic \"" + topic +
                    "\" holds " + std::to_string(end_),
                options_.directory, kAwayHint);
  }
  if (copy_.next() < static_cast<Sequence>(held->low)) {
    if (Status skipped = copy_.skip_to(static_cast<Sequence>(held->low)); !skipped) return skipped;
  }
  const KafkaPartitions partitions(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(partitions.get(), topic.c_str(), 0)->offset =
      static_cast<std::int64_t>(copy_.next());
  const auto assigned = rd_kafka_assign(client_->get(), partitions.get());
  if (assigned == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return tl::unexpected(client_->error(assigned, "the topic \"" + topic + "\" can't be read"));
}

/// False when the record has to be taken again.
bool UsageCopier::take(const rd_kafka_message_t& message) {
  const auto sequence = static_cast<Sequence>(message.offset);
  if (sequence < copy_.next()) return true;
  if (!batch_.ParseFromArray(message.payload, static_cast<int>(message.len))) {
    tell({ErrorCode::kDataLoss, "a record of the usage topic is no usage batch, and counts as an empty one",
          "offset " + std::to_string(sequence), "find out who else writes to the topic"});
    batch_.Clear();
  }
  if (const Status written = write(message); !written) {
    tell(written.error());
    return false;
  }
  if (header(message, kUsageRunHeader) == run_) return true;
  const std::lock_guard lock(mutex_);
  if (listener_) listener_(sequence, batch_);
  return true;
}

Status UsageCopier::write(const rd_kafka_message_t& message) {
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t time_ms = std::max<std::int64_t>(rd_kafka_message_timestamp(&message, &type), 0);
  // Offsets that hold no record (of a transaction's end, say) are empty batches of the copy, whose sequences are dense.
  while (copy_.next() < static_cast<Sequence>(message.offset)) {
    if (const auto filled = copy_.append(time_ms, {}); !filled) return tl::unexpected(filled.error());
  }
  const bool is_batch = batch_.ByteSizeLong() > 0;
  const std::string_view bytes(static_cast<const char*>(message.payload), is_batch ? message.len : 0);
  if (const auto appended = copy_.append(time_ms, bytes); !appended) return tl::unexpected(appended.error());
  return {};
}

void UsageCopier::recover(const rd_kafka_message_t& message) {
  // The topic no longer holds what comes next, or not yet again: where it goes on decides.
  if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    while (!is_ending_) {
      const Status located = locate(kLocateMs);
      if (located) return;
      tell(located.error());
      hand_over();
      std::this_thread::sleep_for(kRetryInterval);
    }
    return;
  }
  tell(client_->error(message.err, "the topic \"" + std::string(rd_kafka_topic_name(topic_.get())) +
                                       "\" can't be read for the moment"));
  std::this_thread::sleep_for(kRetryInterval);
}

/// Tells a new listener what the copy holds already. Nothing of it was appended by this process.
void UsageCopier::hand_over() {
  const std::lock_guard lock(mutex_);
  if (!next_listener_) return;
  const auto told = copy_.read(next_from_, std::numeric_limits<std::size_t>::max(),
                               [&](Sequence sequence, const v1::UsageBatch& batch) {
                                 next_listener_(sequence, batch);
                                 return true;
                               });
  if (!told) tell(told.error());
  listener_ = std::move(next_listener_);
  next_listener_ = nullptr;
  handed_over_.notify_all();
}

void UsageCopier::tell(const Error& error) {
  const auto now = std::chrono::steady_clock::now();
  if (!options_.kafka.log || (told_at_ && now - *told_at_ < kTellInterval)) return;
  told_at_ = now;
  options_.kafka.log(KafkaLogLevel::kError, error.to_string());
}

}  // namespace keyfold::events
