#include "actors/workflows/reseal.h"

#include "actors/aggregates/key_secret.h"
#include "actors/workflows/command_window.h"
#include "projections/key.h"
#include "projections/key_lists.h"
#include "schemas/base/fault_point.h"

namespace keyfold::actors {
namespace {

using projections::kSecretList;
using projections::Table;

constexpr std::size_t kPageKeys = 1'000;

}  // namespace

ResealWorkflow::ResealWorkflow(Runtime& runtime, const projections::Projections& projections, Vault& vault,
                               const Clock& clock)
    : runtime_(runtime), projections_(projections), vault_(vault), clock_(clock) {}

Result<ResealWorkflow::Report> ResealWorkflow::run(const std::stop_token& stop) {
  const auto rings = superseded();
  if (!rings) return tl::unexpected(rings.error());
  Report report;
  for (const auto& [ring, old_keys] : *rings) {
    if (!stop.stop_requested()) reseal_ring(ring, old_keys, stop, report);
    if (Status destroyed = destroy_idle(ring, old_keys, report); !destroyed) return tl::unexpected(destroyed.error());
  }
  resealed_.fetch_add(report.resealed, std::memory_order_relaxed);
  failed_.fetch_add(report.failed, std::memory_order_relaxed);
  data_keys_left_.store(report.left, std::memory_order_relaxed);
  return report;
}

Result<ResealWorkflow::Left> ResealWorkflow::left() const {
  const auto rings = superseded();
  if (!rings) return tl::unexpected(rings.error());
  Left left;
  for (const auto& [ring, old_keys] : *rings) {
    left.data_keys += old_keys.size();
    visit_secrets(ring, [&, &keys = old_keys](const std::string&, const std::string& data_key) {
      if (keys.contains(data_key)) ++left.secrets;
      return true;
    });
  }
  return left;
}

ResealWorkflow::Stats ResealWorkflow::stats() const {
  return {resealed_.load(std::memory_order_relaxed), failed_.load(std::memory_order_relaxed),
          data_keys_left_.load(std::memory_order_relaxed)};
}

/// Data keys that only open, of each ring. Those that the clock destroys are none of ours.
Result<std::map<std::string, ResealWorkflow::DataKeyIds>> ResealWorkflow::superseded() const {
  std::map<std::string, DataKeyIds> rings;
  for (std::string after;;) {
    const auto page = vault_.data_keys(after, kPageKeys);
    if (!page) return tl::unexpected(page.error());
    for (const DataKeyInfo& info : *page) {
      // In a cluster each ring is the work of the node that decides about its workspace.
      const auto partition = events::partition_of(info.ring, projections_.partitions());
      if (info.place == DataKeyInfo::Place::kSuperseded && info.destroy_after_ms == 0 && runtime_.owns(partition)) {
        rings[info.ring].insert(info.id);
      }
    }
    if (page->size() < kPageKeys) return rings;
    after = page->back().id;
  }
}

/// The ring's recoverable keys and the data keys that open them, in pages, so that no snapshot is kept for long.
void ResealWorkflow::visit_secrets(const std::string& ring, const SecretVisitor& visit) const {
  const auto partition = events::partition_of(ring, projections_.partitions());
  const std::string prefix = projections::list_prefix(kSecretList, ring);
  std::vector<std::pair<std::string, std::string>> page;
  for (std::string from = prefix;; from = prefix + page.back().first + '\0') {
    page.clear();
    projections_.scan(partition, Table::kKeys, prefix, from, [&](std::string_view row, std::string_view data_key) {
      page.emplace_back(row.substr(prefix.size()), data_key);
      return page.size() < kPageKeys;
    });
    for (const auto& [key_id, data_key] : page) {
      if (!visit(key_id, data_key)) return;
    }
    if (page.size() < kPageKeys) return;
  }
}

void ResealWorkflow::reseal_ring(const std::string& ring, const DataKeyIds& old_keys, const std::stop_token& stop,
                                 Report& report) {
  const auto& rows = projections_.reader(events::partition_of(ring, projections_.partitions()));
  CommandWindow commands(runtime_, clock_, "vault", stop);
  visit_secrets(ring, [&](const std::string& key_id, const std::string& data_key) {
    const auto key = old_keys.contains(data_key) ? projections::find_key(rows, key_id) : std::nullopt;
    if (!key) return !stop.stop_requested();
    const SealContext context = key_seal_context(ring, key_id);
    const auto secret = vault_.open(context, key->sealed_secret());
    auto sealed = secret ? vault_.seal_held(context, *secret) : tl::unexpected(secret.error());
    if (!sealed) {
      ++report.failed;
      report.reason = key_id + ": " + sealed.error().to_string();
      return !stop.stop_requested();
    }
    v1::Command command;
    command.set_workspace_id(ring);
    command.mutable_reseal_key()->set_key_id(key_id);
    command.mutable_reseal_key()->set_expected(key->sealed_secret());
    command.mutable_reseal_key()->set_sealed_secret(std::move(sealed->sealed));
    commands.submit(std::move(command), std::move(sealed->hold));
    ++report.resealed;
    KEYFOLD_FAULT_POINT("vault.resealed");
    return !stop.stop_requested();
  });
  if (!commands.finish()) report.reason = commands.rejection();
}

/// First who holds, then who needs: a ciphertext under way is in the list by the time that nobody holds its data key.
Status ResealWorkflow::destroy_idle(const std::string& ring, const DataKeyIds& old_keys, Report& report) {
  DataKeyIds idle;
  for (const std::string& id : old_keys) {
    if (!vault_.is_held(id)) idle.insert(id);
  }
  visit_secrets(ring, [&idle](const std::string&, const std::string& data_key) {
    idle.erase(data_key);
    return !idle.empty();
  });
  for (const std::string& id : idle) {
    if (Status destroyed = vault_.destroy(id); !destroyed) return destroyed;
    ++report.destroyed;
    KEYFOLD_FAULT_POINT("vault.destroyed");
  }
  report.left += old_keys.size() - idle.size();
  return {};
}

}  // namespace keyfold::actors
