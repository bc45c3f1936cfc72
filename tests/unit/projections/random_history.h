#pragma once

#include <random>
#include <string>

#include "tests/unit/projections/memory_log.h"
#include "tests/unit/projections/sample_events.h"

namespace keyfold::projections::testing {

/// Events over few ids, so that they meet: most follow from what was before, some refer to what is not there, many
/// recorded answers expire. The same seed gives the same events.
class RandomHistory {
 public:
  explicit RandomHistory(std::uint32_t seed) : random_(seed) {}

  /// The next event and its time, which never goes back.
  std::pair<v1::Payload, std::int64_t> next() {
    time_ms_ += number(3);
    return {payload(text()), time_ms_};
  }

  /// A number from 0 up to, not including, `end`.
  std::uint32_t number(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }

 private:
  std::string id(const std::string& kind, std::uint32_t of) { return "'" + kind + std::to_string(number(of)) + "'"; }

  std::string text() {
    switch (number(22)) {
      case 0:
        return "workspace_created { workspace_id: " + id("ws_", 4) + " name: " + id("w", 9) + " }";
      case 1:
        return "root_key_created { root_key_id: " + id("rk_", 4) + " workspace_id: 'ws_1' hash: " + hash() + " }";
      case 2:
        return "root_key_revoked { root_key_id: " + id("rk_", 5) + " }";
      case 3:
        return "api_created { api_id: " + id("api_", 3) + " name: " + id("a", 9) + " keyspace_id: 'ks_0' }";
      case 4:
        return "keyspace_created { keyspace_id: " + id("ks_", 3) + " api_id: " + id("api_", 4) + " }";
      case 5:
        return number(4) == 0 ? "api_deleted { api_id: " + id("api_", 4) + " }" : command();
      case 6:
        return identity();
      case 7:
        return "permission_created { permission_id: " + id("perm_", 4) + " slug: " + id("S", 5) + " }";
      case 8:
        return "role_created { role_id: " + id("role_", 3) + " name: " + id("R", 5) + " permission_ids: 'perm_1' }";
      case 9:
      case 10:
        return "key_created { key_id: " + id("key_", 12) + " api_id: 'api_1' keyspace_id: " + id("ks_", 2) +
               " hash: " + hash() + " enabled: true identity_id: " + id("id_", 3) + " permission_ids: 'perm_2' }";
      case 11:
        return "key_updated { key_id: " + id("key_", 13) + " name { value: 'n' } identity_id { value: " + id("id_", 3) +
               " } role_ids { ids: " + id("role_", 3) + " } }";
      case 12:
        return "key_deleted { key_id: " + id("key_", 13) + " permanent: " + (number(2) == 0 ? "true" : "false") + " }";
      case 13:
        return "key_credits_spent { key_id: " + id("key_", 13) + " remaining: " + std::to_string(number(9)) + " }";
      case 14:
        return change_of_grants();
      case 15:
        return "key_rerolled { key_id: " + id("key_", 13) + " expires_at_ms: " + std::to_string(time_ms_) + " }";
      case 16:
        return "key_created { key_id: " + id("key_", 12) + " api_id: 'api_1' keyspace_id: " + id("ks_", 2) +
               " hash: " + hash() + " enabled: true pending_migration_id: 'mig_1' }";
      case 17:
        return number(3) == 0 ? "migration_created { migration_id: " + id("mig_", 3) + " algorithm: SHA256 }"
                              : "key_migration_completed { key_id: " + id("key_", 13) + " hash: " + hash() + " }";
      case 18:
        return "workspace_updated { workspace_id: " + id("ws_", 5) +
               " enabled: " + (number(2) == 0 ? "true" : "false") +
               " requests { per_minute: " + std::to_string(number(9)) + " } }";
      case 19:
        return "root_key_updated { root_key_id: " + id("rk_", 5) + " enabled: " + (number(2) == 0 ? "true" : "false") +
               " }";
      default:
        return command();
    }
  }
  std::string change_of_grants() {
    switch (number(5)) {
      case 0:
        return "permission_deleted { permission_id: " + id("perm_", 5) + " }";
      case 1:
        return "role_deleted { role_id: " + id("role_", 4) + " }";
      case 2:
        return "role_permissions_changed { role_id: " + id("role_", 4) + " connected_ids: " + id("perm_", 5) +
               " disconnected_ids: 'perm_1' }";
      case 3:
        return "key_permissions_changed { key_id: " + id("key_", 13) + " connected_ids: " + id("perm_", 5) +
               " disconnected_ids: 'perm_2' }";
      default:
        return "key_roles_changed { key_id: " + id("key_", 13) + " connected_ids: " + id("role_", 4) +
               " disconnected_ids: 'role_1' }";
    }
  }

  std::string identity() {
    switch (number(4)) {
      case 0:
        return "identity_updated { identity_id: " + id("id_", 4) + " meta_json { value: " + id("{}", 9) + " } }";
      case 1:
        return "identity_deleted { identity_id: " + id("id_", 4) + " }";
      default:
        return "identity_created { identity_id: " + id("id_", 3) + " external_id: " + id("e", 5) + " }";
    }
  }
  std::string hash() {
    const auto suffix = static_cast<char>('a' + number(12));
    return "'" + std::string(31, 'h') + suffix + "'";
  }
  std::string command() {
    return "command_recorded { key_hash: " + hash() + " expires_at_ms: " + std::to_string(time_ms_ + 5 + number(20)) +
           " }";
  }

  std::mt19937 random_;
  std::int64_t time_ms_ = kNowMs;
};

/// Appends an event to a partition's end.
inline void append_event(events::Log& log, events::PartitionId partition, const v1::Payload& event,
                         std::int64_t time_ms = kNowMs) {
  events::ChainState chain = log.tail(partition);
  const events::Sequence first = chain.next;
  const events::Append append{partition, first, {make_event(partition, chain, event, time_ms).first}};
  if (!log.append({&append, 1})) throw std::runtime_error("append");
}

/// Opens every partition and appends `events` random events to each.
inline void append_random(events::Log& log, std::uint32_t seed, std::size_t events) {
  for (events::PartitionId partition = 0; partition < log.partitions(); ++partition) {
    if (log.tail(partition).next == 0) append_event(log, partition, payload("partition_opened { epoch: 1 }"));
    RandomHistory history(seed + partition);
    for (std::size_t i = 0; i < events; ++i) {
      const auto [event, time_ms] = history.next();
      append_event(log, partition, event, time_ms);
    }
  }
}

}  // namespace keyfold::projections::testing
