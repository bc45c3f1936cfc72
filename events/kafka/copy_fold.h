#pragma once

#include <vector>

#include "events/chain.h"
#include "events/event.h"
#include "schemas/base/function_ref.h"

namespace keyfold::events {

/// A record of a topic's partition, by what tells it from any other.
struct TopicMark {
  std::int64_t offset = -1;     // -1: before the first
  std::int64_t timestamp = -1;  // the broker's
  Digest hash{};                // of the envelope's bytes
  friend bool operator==(const TopicMark&, const TopicMark&) = default;
};

struct TopicRecord {
  std::int64_t offset = 0;
  std::int64_t timestamp = 0;
  RecordView record;
};
[[nodiscard]] TopicMark mark_of(const TopicRecord& record);

/// Folds the records of one partition of the topic, in their order, into the events that count. Keeps those of an
/// unfinished batch in memory. Pure; a value.
class CopyFold {
 public:
  /// Goes on after the record `last`, where the chain stood at `whole`.
  CopyFold(PartitionId partition, const ChainState& whole, const TopicMark& last)
      : partition_(partition), chain_(whole), last_(last), resume_after_(last) {}

  /// Calls `accepted` for each event that counts now, in the order of sequences.
  void fold(const TopicRecord& record, FunctionRef<void(Sequence, RecordView)> accepted);

  [[nodiscard]] const ChainState& whole() const { return chain_.whole(); }
  [[nodiscard]] const TopicMark& last() const { return last_; }
  /// After which record to read again when what is held is forgotten.
  [[nodiscard]] const TopicMark& resume_after() const { return resume_after_; }
  /// Records that count never.
  [[nodiscard]] std::uint64_t void_records() const { return void_records_; }

 private:
  void drop_held();

  PartitionId partition_;
  BatchChain chain_;
  TopicMark last_;
  TopicMark resume_after_;
  std::vector<Record> held_;
  std::uint64_t void_records_ = 0;
  v1::EventHeader header_;  // reused
};

}  // namespace keyfold::events
