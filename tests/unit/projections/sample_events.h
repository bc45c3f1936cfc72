#pragma once

#include <google/protobuf/text_format.h>

#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "events/chain.h"
#include "projections/rows.h"

// Shared by the tests of projectors and store: events from text, rows in memory.
namespace keyfold::projections::testing {

inline constexpr std::int64_t kNowMs = 1'700'000'000'000;

/// A message from protobuf's text form.
template <class Message>
Message parse(const std::string& text) {
  Message message;
  if (!google::protobuf::TextFormat::ParseFromString(text, &message)) throw std::invalid_argument(text);
  return message;
}

inline v1::Payload payload(const std::string& text) { return parse<v1::Payload>(text); }

/// A header that extends the chain, decided at that time.
inline v1::EventHeader header_after(events::PartitionId partition, const events::ChainState& chain,
                                    const v1::Payload& event, std::int64_t time_ms) {
  v1::EventHeader header;
  header.set_schema_version(events::kSchemaVersion);
  header.set_workspace_id("ws_1");
  header.set_partition(partition);
  header.set_sequence(chain.next);
  header.set_epoch(event.has_partition_opened() ? event.partition_opened().epoch() : chain.epoch);
  header.set_previous_hash(std::string(as_view(chain.last_hash)));
  header.set_batch_size(1);
  header.set_time_ms(time_ms);
  return header;
}

/// What the codec makes of an event; moves the chain over it.
inline std::pair<events::Record, events::Event> make_event(events::PartitionId partition, events::ChainState& chain,
                                                           const v1::Payload& event, std::int64_t time_ms = kNowMs) {
  v1::EventHeader header = header_after(partition, chain, event, time_ms);
  std::pair<events::Record, events::Event> made{events::encode(header, event), {}};
  const Status decoded = events::decode({made.first.header, made.first.payload}, made.second);
  if (!decoded) throw std::runtime_error(decoded.error().to_string());
  if (events::accept(chain, made.second.header, made.first.header) != events::Verdict::kApplied) {
    throw std::logic_error("a test's event does not extend the chain");
  }
  return made;
}

/// Rows in memory.
class MapRows final : public RowReader {
 public:
  [[nodiscard]] std::optional<std::string> get(Table table, std::string_view key) const override {
    const auto found = rows_.find({table, std::string(key)});
    return found == rows_.end() ? std::nullopt : std::optional(found->second);
  }
  void apply(const Changes& changes) {
    for (const Change& change : changes) {
      rows_.erase({change.table, change.key});
      if (change.value) rows_.emplace(std::pair(change.table, change.key), *change.value);
    }
  }
  /// Key to value of one table.
  [[nodiscard]] std::map<std::string, std::string> table(Table table) const {
    std::map<std::string, std::string> rows;
    for (const auto& [key, value] : rows_) {
      if (key.first == table) rows.emplace(key.second, value);
    }
    return rows;
  }
  friend bool operator==(const MapRows& a, const MapRows& b) { return a.rows_ == b.rows_; }

 private:
  std::map<std::pair<Table, std::string>, std::string> rows_;
};

}  // namespace keyfold::projections::testing
