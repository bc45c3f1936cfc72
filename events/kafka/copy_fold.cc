#include "events/kafka/copy_fold.h"

#include "events/kafka/cloud_event.h"

namespace keyfold::events {

TopicMark mark_of(const TopicRecord& record) {
  return {record.offset, record.timestamp, leaf_hash(record.record.header)};
}

void CopyFold::fold(const TopicRecord& record, FunctionRef<void(Sequence, RecordView)> accepted) {
  const TopicMark before = last_;
  last_ = mark_of(record);
  const auto verdict = read_cloud_event(partition_, record.record, header_)
                           ? chain_.accept(header_, record.record.header)
                           : BatchChain::Verdict::kVoid;
  if (verdict == BatchChain::Verdict::kVoid) {
    ++void_records_;
  } else {
    if (header_.batch_index() == 0) drop_held();
    if (verdict == BatchChain::Verdict::kHeld) {
      if (held_.empty()) resume_after_ = before;
      held_.push_back({std::string(record.record.header), std::string(record.record.payload)});
      return;
    }
    Sequence sequence = header_.sequence() - held_.size();
    for (const Record& held : held_) accepted(sequence++, {held.header, held.payload});
    held_.clear();
    accepted(sequence, record.record);
  }
  if (held_.empty()) resume_after_ = last_;
}

void CopyFold::drop_held() {
  void_records_ += held_.size();
  held_.clear();
}

}  // namespace keyfold::events
