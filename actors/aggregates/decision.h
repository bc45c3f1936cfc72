#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "actors/rejection.h"
#include "keyfold/v1/command.pb.h"
#include "projections/rows.h"

// What every aggregate's `decide` takes and gives. A `decide` is pure: the command, the context and the rows that the
// reader gives (point look-ups only) determine every byte of the decision.
namespace keyfold::actors {

/// Where and when a command is decided.
struct Context {
  std::string_view workspace_id;
  std::int64_t time_ms = 0;  // Unix milliseconds, never before the partition's last event
};

/// An event that will happen, and the aggregate instance whose stream it belongs to.
struct PlannedEvent {
  std::string stream_kind;
  std::string stream_id;
  v1::Payload payload;
};

/// The events of an accepted command, in order; none when nothing changes.
struct Decision {
  std::vector<PlannedEvent> events;
  std::optional<std::int64_t> credits_remaining;  // the balance after a spent credit; absent: unlimited
  /// The answer's `data` as JSON, where only the decision knows it: a repeat with the same Idempotency-Key gets it
  /// again.
  std::string data_json;

  /// Plans an event; the caller fills in the payload, which is valid until the next call.
  v1::Payload& plan(std::string_view stream_kind, std::string_view stream_id) {
    return events.emplace_back(PlannedEvent{std::string(stream_kind), std::string(stream_id), {}}).payload;
  }
};

using Decided = tl::expected<Decision, Rejection>;

/// The rows as they will be once the decision's events have happened, over those that `reader` gives.
class Foresight {
 public:
  Foresight(const Context& context, const projections::RowReader& reader) : context_(context), rows_(reader) {}
  /// Folds in the decision's events from `first` on.
  void add(const Decision& decision, std::size_t first = 0);
  [[nodiscard]] const projections::RowReader& rows() const { return rows_; }

 private:
  Context context_;
  projections::Overlay rows_;
};

inline tl::unexpected<Rejection> reject(RejectionCode code, std::string detail) {
  return tl::unexpected<Rejection>(Rejection{code, std::move(detail)});
}

}  // namespace keyfold::actors
