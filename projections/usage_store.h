#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "events/usage_log.h"
#include "schemas/base/function_ref.h"
#include "schemas/base/result.h"

namespace keyfold::projections {

struct UsageStoreOptions {
  std::filesystem::path directory;
  /// How long, at least, counts are kept by minute and hour, and by day; by the stream's time.
  std::int64_t minutes_kept_ms = std::int64_t{90} * 86'400'000;
  std::int64_t days_kept_ms = std::int64_t{365} * 86'400'000;
};

/// Verifications of one key with one outcome in one bucket; valid only during the visitor's call.
struct VerificationCount {
  std::int64_t bucket_ms = 0;  // its begin
  std::string_view keyspace_id;
  std::string_view key_id;
  std::string_view outcome;
  std::uint64_t count = 0;
};

enum class UsageBucket { kMinute, kHour, kDay };

/// Which verifications to count: those of one identity's keys, those of one key, or of one key while it was the
/// identity's. Buckets that begin in [from_ms, to_ms).
struct VerificationQuery {
  std::string_view workspace_id;
  std::string_view external_id;  // empty: whoever the key belonged to
  std::string_view key_id;       // empty: every key of the identity
  UsageBucket bucket = UsageBucket::kHour;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
};

/// The read models of the usage stream: last use of each key, counts of verifications, live rate-limit windows. A
/// RocksDB database without a WAL (the stream is the WAL), disposable as long as the stream still holds what it came
/// from. `gather`, `gather_rest`, `commit`, `fold` and `catch_up` are called by one thread at a time; everything else
/// is thread-safe.
class UsageStore {
 public:
  /// Opens or creates the directory and folds what the stream holds beyond the checkpoint. Refuses a directory of a
  /// newer format, a damaged one, and a checkpoint ahead of the stream. The stream outlives the store.
  [[nodiscard]] static Result<std::unique_ptr<UsageStore>> open(UsageStoreOptions options, events::UsageLog& log);
  virtual ~UsageStore() = default;

  /// Batches below it are in.
  [[nodiscard]] virtual events::Sequence next() const = 0;
  /// Sums the batch up with others in memory, so that a key that is busy in many of them costs few rows. Nobody sees it
  /// before `commit`, which comes by itself when much has come together. kFailedPrecondition when it is not the next.
  [[nodiscard]] virtual Status gather(events::Sequence sequence, const v1::UsageBatch& batch) = 0;
  /// Gathers what the stream holds beyond what is gathered; goes on at its first batch where it lost more.
  [[nodiscard]] virtual Status gather_rest() = 0;
  /// Folds what was gathered and moves the checkpoint over it, both or neither; then it has to be gathered again.
  [[nodiscard]] virtual Status commit() = 0;
  /// Gathers the batch and commits.
  [[nodiscard]] Status fold(events::Sequence sequence, const v1::UsageBatch& batch) {
    Status gathered = gather(sequence, batch);
    return gathered ? commit() : gathered;
  }
  /// Folds all that the stream holds: gathers the rest and commits.
  [[nodiscard]] Status catch_up() {
    Status gathered = gather_rest();
    return gathered ? commit() : gathered;
  }
  /// Makes everything folded survive the end of the process.
  [[nodiscard]] virtual Status flush() = 0;

  /// The begin of the minute in which the key was last verified, whatever the outcome; 0: never.
  [[nodiscard]] virtual Result<std::int64_t> last_used_at_ms(std::string_view workspace_id,
                                                             std::string_view key_id) const = 0;

  using CountVisitor = FunctionRef<void(const VerificationCount&)>;
  /// Visits counts that are not 0, on one consistent snapshot, in order of time for each owner of the key.
  [[nodiscard]] virtual Status visit_verifications(const VerificationQuery& query, CountVisitor visit) const = 0;

  using WindowVisitor =
      FunctionRef<void(std::string_view counter, std::int64_t duration_ms, std::int64_t window, std::int64_t tokens)>;
  /// Visits every window that still counts at `now_ms`, or will. The tokens are those of all batches below the sequence
  /// that it returns, and of no other.
  [[nodiscard]] virtual Result<events::Sequence> visit_live_windows(std::int64_t now_ms, WindowVisitor visit) const = 0;
  /// Removes the windows that count no more.
  [[nodiscard]] virtual Status drop_expired_windows(std::int64_t now_ms) = 0;
};

}  // namespace keyfold::projections
