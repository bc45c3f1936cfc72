#include "ops/replay/log_check.h"

#include <algorithm>

namespace keyfold::ops {
namespace {

constexpr std::string_view kDirectory = "directory";

}  // namespace

LogCheck::LogCheck(events::PartitionId partition, std::vector<events::TreeHead> heads, KnownLeaf known)
    : partition_(partition), heads_(std::move(heads)), known_(std::move(known)) {
  std::sort(heads_.begin(), heads_.end(), [](const auto& a, const auto& b) { return a.size > b.size; });
}

void LogCheck::add(events::Sequence sequence, std::optional<events::RecordView> record) {
  check_heads();
  check_missing(sequence);
  ++events_;
  next_ = sequence + 1;
  if (record) {
    check_record(sequence, *record);
  } else {
    find(sequence, "the record's bytes are damaged");
    last_hash_.reset();
    tree_.add(known_ ? known_(sequence).value_or(Digest{}) : Digest{});
  }
}

/// The tree goes on with the leaves that were there, if they are known: so that what is missing is told once.
void LogCheck::check_missing(events::Sequence sequence) {
  if (sequence <= next_) return;
  const std::string last = std::to_string(sequence - 1);
  find(next_, sequence - next_ == 1 ? "the event is missing" : "the events up to " + last + " are missing");
  last_hash_.reset();
  for (; next_ < sequence; ++next_) {
    const auto leaf = known_ ? known_(next_) : std::nullopt;
    if (!leaf) break;  // nor can any checkpoint behind it be met
    tree_.add(*leaf);
    check_heads();
  }
}

void LogCheck::check_record(events::Sequence sequence, events::RecordView record) {
  const Digest leaf = events::leaf_hash(record.header);
  const Status decoded = events::decode(record, event_);
  const v1::EventHeader& header = event_.header;
  const bool is_placed = header.partition() == partition_ && header.sequence() == sequence;
  if (!decoded) {
    find(sequence, decoded.error().what);
  } else if (!is_placed) {
    find(sequence,
         "the event says that it is " + events::to_string(events::Position{header.partition(), header.sequence()}));
  }
  if (last_hash_ && header.previous_hash() != as_view(*last_hash_)) {
    find(sequence, "the event does not follow the one before it");
  }
  if (header.epoch() < epoch_) find(sequence, "the event is of a writer that had been replaced");
  epoch_ = std::max(epoch_, header.epoch());
  const auto known = known_ ? known_(sequence) : std::nullopt;
  if (known && *known != leaf) find(sequence, "the event is another one than was there when it was signed");
  last_hash_ = leaf;
  tree_.add(leaf);
}

void LogCheck::check_heads() {
  while (!heads_.empty() && heads_.back().size == tree_.size()) {
    const events::TreeHead head = heads_.back();
    heads_.pop_back();
    if (tree_.root() == head.root) continue;
    find(std::nullopt,
         "the first " + std::to_string(head.size) + " events are not those that a checkpoint was signed for");
  }
}

void LogCheck::finish() {
  check_heads();
  for (; !heads_.empty(); heads_.pop_back()) {
    const std::uint64_t size = heads_.back().size;
    if (size <= next_) continue;  // an event in front of it is missing, and was told
    find(next_, "the log ends here, but a checkpoint was signed for " + std::to_string(size) + " events");
  }
}

void LogCheck::find(std::optional<events::Sequence> place, std::string what) {
  if (findings_.size() < kFindingsMax) findings_.push_back({std::to_string(partition_), place, std::move(what)});
}

std::string to_string(const Finding& finding) {
  const bool is_directory = finding.log == kDirectory;
  std::string text = is_directory ? "the directory" : "partition " + finding.log;
  if (finding.place) text += (is_directory ? ", leaf " : ", event ") + std::to_string(*finding.place);
  return text + ": " + finding.what;
}

}  // namespace keyfold::ops
