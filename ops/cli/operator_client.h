#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "events/log.h"
#include "ops/cli/event_page.h"
#include "ops/cli/usage_page.h"

namespace keyfold::ops {

/// Asks a running server's operator listener. Every call may block for up to a minute; kUnavailable when there is no
/// answer. Not thread-safe.
class OperatorClient {
 public:
  /// `address` as in RuntimeInfo.
  explicit OperatorClient(std::string address) : address_(std::move(address)) {}

  /// Digest lines of the live read models.
  [[nodiscard]] Result<std::string> digest() const;
  [[nodiscard]] Result<std::uint32_t> partitions() const;
  [[nodiscard]] Result<EventPage> events(events::PartitionId partition, events::Sequence from, std::size_t limit) const;
  [[nodiscard]] Result<UsagePage> usage(events::Sequence from, std::size_t limit) const;

  /// As ops::cluster_status gives it; kFailedPrecondition when the server is alone.
  [[nodiscard]] Result<nlohmann::ordered_json> cluster_status() const;

  /// As ops::audit_logs_json gives it.
  [[nodiscard]] Result<nlohmann::ordered_json> audit_logs() const;

  // Of the vault, as VaultAdmin answers.
  [[nodiscard]] Result<nlohmann::ordered_json> vault_status() const;
  [[nodiscard]] Result<nlohmann::ordered_json> rewrap() const;
  /// `ring` empty: every ring whose data key is older than `before_ms` (0: now).
  [[nodiscard]] Result<nlohmann::ordered_json> rotate(const std::string& ring, std::int64_t before_ms) const;

 private:
  std::string address_;
};

}  // namespace keyfold::ops
