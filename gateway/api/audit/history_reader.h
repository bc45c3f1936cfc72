#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/api/endpoint.h"
#include "projections/as_of.h"
#include "projections/history.h"
#include "projections/resources.h"

/// What the endpoints of audit share: permission, moments and cursors in a body, and reading the log by the audit
/// store.
namespace keyfold::api {

/// The caller's partition as the audit store has it, once that has seen all that was committed when this was made. May
/// wait, up to seconds.
class HistoryReader {
 public:
  /// Refuses a caller without the permission, and a store that stays behind.
  [[nodiscard]] static Answered<HistoryReader> open(const Call& call, const Services& services);

  [[nodiscard]] events::PartitionId partition() const { return partition_; }
  /// Events below it can be read.
  [[nodiscard]] events::Sequence end() const { return end_; }

  /// What a body's member says, a time (RFC 3339, a date, or Unix ms) or a position "partition:sequence": the number of
  /// the first event that is not before it; nothing when the body does not have the member.
  [[nodiscard]] Answered<std::optional<events::Sequence>> first_not_before(const char* member) const;
  /// The number of the first event that is after it: what an event at that very time or position changed is seen.
  [[nodiscard]] Answered<std::optional<events::Sequence>> first_after(const char* member) const;
  /// Where the page that the body's `cursor` names begins; nothing without one.
  [[nodiscard]] Answered<std::optional<events::Sequence>> cursor() const;
  [[nodiscard]] std::string to_cursor(events::Sequence sequence) const;

  /// The member `resource`. Its kind must be known.
  [[nodiscard]] Answered<projections::ResourceId> resource() const;

  /// Into `event`.
  [[nodiscard]] std::optional<ApiError> read(events::Sequence sequence, events::Event& event) const;

  /// The rows as they were before the event of that number.
  [[nodiscard]] Answered<std::shared_ptr<const projections::AsOfView>> view(events::Sequence end) const;

 private:
  HistoryReader(const Call& call, const Services& services);
  enum class Side { kNotBefore, kAfter };
  [[nodiscard]] Answered<std::optional<events::Sequence>> sequence_of(const char* member, Side side) const;

  const Call* call_;
  const Services* services_;
  events::PartitionId partition_;
  events::Sequence end_ = 0;
};

/// An error of the server, told to its log.
[[nodiscard]] ApiError unreadable_history(const Error& error);

/// `{"change":…,"resource":…,"members":{name:{"from":…,"to":…}}}`.
[[nodiscard]] std::string change_json(const projections::ResourceChange& change);
[[nodiscard]] std::string resource_json(const projections::ResourceId& resource);

}  // namespace keyfold::api
