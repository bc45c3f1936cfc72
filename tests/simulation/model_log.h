#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "events/kafka/copy_fold.h"
#include "events/shared_log.h"

namespace keyfold::simulation {

/// What the broker of a one-partition topic holds: every record that ever landed, in its order, void ones too.
using Topic = std::vector<events::Record>;

/// One node's view of the topic: what it has read so far, and what of that counts. Reads are the only way to learn.
class ModelLog final : public events::SharedLog {
 public:
  /// Begins with the first `read_before` records, as a node does that kept its copy.
  ModelLog(const Topic& topic, std::size_t read_before) : topic_(topic) {
    while (read_ < read_before) (void)read_next();
  }

  /// Reads one more record of the topic; false when there is none. `is_grown` tells whether the tail has moved.
  struct Step {
    bool has_read = false;
    bool is_grown = false;
  };
  Step read_next() {
    if (read_ == topic_.size()) return {};
    const std::size_t known = accepted_.size();
    const events::Record& record = topic_[read_];
    fold_.fold({static_cast<std::int64_t>(read_++), 0, {record.header, record.payload}},
               [this](events::Sequence, events::RecordView event) {
                 accepted_.push_back({std::string(event.header), std::string(event.payload)});
               });
    return {true, accepted_.size() > known};
  }
  [[nodiscard]] std::size_t records_read() const { return read_; }
  [[nodiscard]] const std::vector<events::Record>& accepted() const { return accepted_; }

  [[nodiscard]] std::uint32_t partitions() const override { return 1; }
  [[nodiscard]] events::ChainState tail(events::PartitionId) const override { return fold_.whole(); }
  [[nodiscard]] Status append(std::span<const events::Append>) override { std::abort(); }  // the world appends
  [[nodiscard]] Result<events::Sequence> read(events::PartitionId, events::Sequence from, std::size_t max_records,
                                              const events::RecordVisitor& visit) const override {
    for (; from < accepted_.size() && max_records > 0; --max_records) {
      const events::Record& record = accepted_[from];
      if (!visit(from++, {record.header, record.payload})) break;
    }
    return from;
  }
  [[nodiscard]] bool wait(events::PartitionId, events::Sequence, std::int64_t) const override { std::abort(); }
  void listen(GrowthListener) override {}
  void stop_listening() override {}

 private:
  const Topic& topic_;
  std::size_t read_ = 0;
  events::CopyFold fold_{0, {}, {}};
  std::vector<events::Record> accepted_;
};

}  // namespace keyfold::simulation
