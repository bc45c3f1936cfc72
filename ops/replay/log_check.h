#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "events/event.h"
#include "events/merkle.h"
#include "events/tree_head.h"

namespace keyfold::ops {

/// Something that is wrong, and where.
struct Finding {
  std::string log;                        // its name: a partition, or "directory"
  std::optional<events::Sequence> place;  // the event or leaf; none: the log as a whole
  std::string what;
};

/// No more than so many are told of each log: who changed everything need not be told of everything.
inline constexpr std::size_t kFindingsMax = 100;

/// Checks a partition's records, in order, against each other and against what was signed: payload hashes, the chain,
/// missing and foreign sequences, and the tree at the size of each checkpoint. Goes on behind what is wrong. Pure.
class LogCheck {
 public:
  /// The leaf hash that the sequence had when it was seen first (the audit store's tiles); nothing when that isn't
  /// known.
  using KnownLeaf = std::function<std::optional<Digest>(events::Sequence)>;
  /// `heads`: what was signed, in any order.
  LogCheck(events::PartitionId partition, std::vector<events::TreeHead> heads, KnownLeaf known);

  /// The next record that is there; none: its bytes are damaged.
  void add(events::Sequence sequence, std::optional<events::RecordView> record);
  /// Call it once, after the last record.
  void finish();

  [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  [[nodiscard]] Digest root() const { return tree_.root(); }

 private:
  void find(std::optional<events::Sequence> place, std::string what);
  void check_missing(events::Sequence sequence);
  void check_record(events::Sequence sequence, events::RecordView record);
  void check_heads();

  const events::PartitionId partition_;
  std::vector<events::TreeHead> heads_;  // the smallest last
  const KnownLeaf known_;
  std::vector<Finding> findings_;
  events::MerkleFrontier tree_;
  events::Sequence next_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t epoch_ = 0;
  std::optional<Digest> last_hash_ = Digest{};  // none: what comes next can't be held against what was before
  events::Event event_;                         // reused
};

/// One line: `partition 3, event 17: …`.
[[nodiscard]] std::string to_string(const Finding& finding);

}  // namespace keyfold::ops
