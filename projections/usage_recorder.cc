#include "projections/usage_recorder.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "projections/usage_buffer.h"

namespace keyfold::projections {
namespace {

/// Below what Kafka takes as one record by default, with its headers: 1,000,000 bytes.
constexpr std::size_t kBatchBytesMax = 900'000;
constexpr std::chrono::minutes kErrorInterval{1};
/// How long what is on the stream may wait to be seen by reads, so that a busy key's rows are written once for it.
constexpr std::chrono::seconds kCommitInterval{1};

std::uint64_t add(std::atomic<std::uint64_t>& counter, std::uint64_t by) {
  return counter.fetch_add(by, std::memory_order_relaxed);
}

}  // namespace

struct UsageRecorder::Impl {
  Impl(events::UsageLog& log_in, UsageStore& store_in, const Clock& clock_in, UsageRecorderOptions options_in,
       ErrorSink on_error_in)
      : log(log_in),
        store(store_in),
        clock(clock_in),
        interval(options_in.batch_interval_ms),
        on_error(std::move(on_error_in)),
        buffer(options_in.buffer_records_max),
        last_flush_at_ms(clock_in.now_ms()),
        thread([this] { run(); }) {}

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      is_ending = true;
    }
    wake.notify_one();
    thread.join();
  }

  void add_record(int field, const google::protobuf::MessageLite& record) {
    add(buffer.add(field, record) ? recorded : dropped, 1);
  }

  void run() {
    std::unique_lock lock(mutex);
    for (bool is_last = false; !is_last;) {
      wake.wait_for(lock, interval, [this] { return is_ending || flushed < wanted; });
      is_last = is_ending;
      const std::uint64_t reached = wanted;
      const bool is_asked = is_last || flushed < wanted;
      lock.unlock();
      write();
      if (is_asked || std::chrono::steady_clock::now() - committed_at >= kCommitInterval) commit();
      lock.lock();
      flushed = reached;
      done.notify_all();
    }
  }

  void write() {
    std::vector<std::string> texts;
    buffer.take(texts);
    // What fits into one batch goes as one: the wire form of several is that of their sum.
    std::string sum;
    for (std::string& text : texts) {
      if (sum.size() + text.size() > kBatchBytesMax) write_all(std::exchange(sum, {}));
      sum += text;
    }
    write_all(sum);
  }

  void write_all(std::string_view text) {
    for (const UsagePiece& piece : split_usage(text, kBatchBytesMax)) is_whole = write(piece) && is_whole;
  }

  void commit() {
    committed_at = std::chrono::steady_clock::now();
    // Folds from the stream what could not be folded before.
    const bool is_folded = succeeded(store.catch_up());
    if (std::exchange(is_whole, true) && is_folded) last_flush_at_ms.store(clock.now_ms(), std::memory_order_relaxed);
  }

  /// False when the piece was lost or could not be folded.
  bool write(const UsagePiece& piece) {
    const std::int64_t now_ms = clock.now_ms();
    v1::UsageBatch time;
    time.set_time_ms(now_ms);
    bytes_out.assign(piece.bytes);
    time.AppendToString(&bytes_out);
    // What can't be read back, because a text is no UTF-8, must not reach the stream.
    if (!batch.ParseFromString(bytes_out)) {
      add(dropped, piece.records);
      tell({ErrorCode::kInternal, "recorded usage can't be read back", {}, "report this as a bug of keyfold"});
      return false;
    }
    const auto sequence = log.append(now_ms, bytes_out);
    if (!sequence) {
      add(dropped, piece.records);
      tell(sequence.error());
      return false;
    }
    add(batches, 1);
    add(bytes, bytes_out.size());
    // Not the next one where other nodes write too: then the stream says what lies before it.
    return store.gather(*sequence, batch) ? true : succeeded(store.gather_rest());
  }

  bool succeeded(const Status& status) {
    if (!status) tell(status.error());
    return status.has_value();
  }

  void tell(const Error& error) {
    add(errors, 1);
    const auto now = std::chrono::steady_clock::now();
    if (told_at && now - *told_at < kErrorInterval) return;
    told_at = now;
    if (on_error) on_error(error);
  }

  events::UsageLog& log;
  UsageStore& store;
  const Clock& clock;
  const std::chrono::milliseconds interval;
  const ErrorSink on_error;
  UsageBuffer buffer;

  std::atomic<std::uint64_t> recorded{0};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::uint64_t> batches{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<std::uint64_t> errors{0};
  std::atomic<std::int64_t> last_flush_at_ms;

  // The writing thread's, reused.
  std::string bytes_out;
  v1::UsageBatch batch;
  std::optional<std::chrono::steady_clock::time_point> told_at;
  std::chrono::steady_clock::time_point committed_at;
  bool is_whole = true;  // since the last commit

  std::mutex mutex;  // guards what follows
  std::condition_variable wake;
  std::condition_variable done;
  bool is_ending = false;
  std::uint64_t wanted = 0;   // number of the last flush that somebody asked for
  std::uint64_t flushed = 0;  // and of the last one that was done
  std::thread thread;         // the last member: it uses the others
};

UsageRecorder::UsageRecorder(events::UsageLog& log, UsageStore& store, const Clock& clock, UsageRecorderOptions options,
                             ErrorSink on_error)
    : impl_(std::make_unique<Impl>(log, store, clock, options, std::move(on_error))) {}
UsageRecorder::~UsageRecorder() = default;

void UsageRecorder::record(const v1::Verification& verification) {
  impl_->add_record(v1::UsageBatch::kVerificationsFieldNumber, verification);
}

void UsageRecorder::record(const v1::RatelimitDecision& decision) {
  impl_->add_record(v1::UsageBatch::kRatelimitDecisionsFieldNumber, decision);
}

void UsageRecorder::charged(std::string_view counter, std::int64_t duration_ms, std::int64_t window,
                            std::int64_t tokens) {
  thread_local v1::WindowCharge charge;
  charge.set_counter(counter.data(), counter.size());
  charge.set_duration_ms(duration_ms);
  charge.set_window(window);
  charge.set_tokens(tokens);
  impl_->add_record(v1::UsageBatch::kWindowChargesFieldNumber, charge);
}

void UsageRecorder::flush() {
  std::unique_lock lock(impl_->mutex);
  const std::uint64_t mine = ++impl_->wanted;
  impl_->wake.notify_one();
  impl_->done.wait(lock, [&] { return impl_->flushed >= mine; });
}

UsageRecorder::Stats UsageRecorder::stats() const {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  return {impl_->recorded.load(kRelaxed), impl_->dropped.load(kRelaxed), impl_->batches.load(kRelaxed),
          impl_->bytes.load(kRelaxed),    impl_->errors.load(kRelaxed),  impl_->last_flush_at_ms.load(kRelaxed)};
}

}  // namespace keyfold::projections
