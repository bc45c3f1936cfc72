#include "actors/workflows/reseal.h"

#include "actors/aggregates/key_secret.h"
#include "actors/aggregates/webhook.h"
#include "actors/workflows/command_window.h"
#include "projections/key.h"
#include "projections/key_lists.h"
#include "projections/webhook.h"
#include "schemas/base/fault_point.h"

namespace keyfold::actors {
namespace {

using projections::Table;

constexpr std::size_t kPageDataKeys = 1'000;
constexpr std::size_t kPageSecrets = 1'000;

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
    visit_secrets(ring, [&, &keys = old_keys](const Secret& secret) {
      if (keys.contains(secret.data_key)) ++left.secrets;
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
    const auto page = vault_.data_keys(after, kPageDataKeys);
    if (!page) return tl::unexpected(page.error());
    for (const DataKeyInfo& info : *page) {
      // In a cluster each ring is the work of the node that decides about its workspace.
      const auto partition = events::partition_of(info.ring, projections_.partitions());
      if (info.place == DataKeyInfo::Place::kSuperseded && info.destroy_after_ms == 0 && runtime_.owns(partition)) {
        rings[info.ring].insert(info.id);
      }
    }
    if (page->size() < kPageDataKeys) return rings;
    after = page->back().id;
  }
}

void ResealWorkflow::visit_secrets(const std::string& ring, const SecretVisitor& visit) const {
  if (visit_list(ring, Table::kKeys, projections::kSecretList, visit)) {
    static_cast<void>(visit_list(ring, Table::kWebhooks, projections::kWebhookSecretList, visit));
  }
}

/// In pages, so that no snapshot is kept for long.
bool ResealWorkflow::visit_list(const std::string& ring, Table table, std::string_view list,
                                const SecretVisitor& visit) const {
  const auto partition = events::partition_of(ring, projections_.partitions());
  const std::string prefix = projections::list_prefix(list, ring);
  std::vector<Secret> page;
  for (std::string from = prefix;; from = prefix + page.back().id + '\0') {
    page.clear();
    projections_.scan(partition, table, prefix, from, [&](std::string_view row, std::string_view data_key) {
      page.push_back({table, std::string(row.substr(prefix.size())), std::string(data_key)});
      return page.size() < kPageSecrets;
    });
    for (const Secret& secret : page) {
      if (!visit(secret)) return false;
    }
    if (page.size() < kPageSecrets) return true;
  }
}

Result<std::optional<ResealWorkflow::Resealed>> ResealWorkflow::seal_anew(const std::string& ring,
                                                                          const Secret& secret) const {
  const auto& rows = projections_.reader(events::partition_of(ring, projections_.partitions()));
  const bool is_key = secret.table == Table::kKeys;
  std::string before;
  if (is_key) {
    const auto key = projections::find_key(rows, secret.id);
    if (!key) return std::nullopt;
    before = key->sealed_secret();
  } else {
    const auto webhook = projections::find_webhook(rows, secret.id);
    if (!webhook) return std::nullopt;
    before = webhook->webhook().sealed_secrets();
  }
  const SealContext context = is_key ? key_seal_context(ring, secret.id) : webhook_seal_context(ring, secret.id);
  const auto opened = vault_.open(context, before);
  auto sealed = opened ? vault_.seal_held(context, *opened) : tl::unexpected(opened.error());
  if (!sealed) return tl::unexpected(sealed.error());
  Resealed resealed;
  resealed.command.set_workspace_id(ring);
  resealed.hold = std::move(sealed->hold);
  if (is_key) {
    auto& body = *resealed.command.mutable_reseal_key();
    body.set_key_id(secret.id);
    body.set_expected(std::move(before));
    body.set_sealed_secret(std::move(sealed->sealed));
  } else {
    auto& body = *resealed.command.mutable_reseal_webhook();
    body.set_webhook_id(secret.id);
    body.set_expected(std::move(before));
    body.set_sealed_secrets(std::move(sealed->sealed));
  }
  return resealed;
}

void ResealWorkflow::reseal_ring(const std::string& ring, const DataKeyIds& old_keys, const std::stop_token& stop,
                                 Report& report) {
  CommandWindow commands(runtime_, clock_, "vault", stop);
  visit_secrets(ring, [&](const Secret& secret) {
    if (!old_keys.contains(secret.data_key)) return !stop.stop_requested();
    auto resealed = seal_anew(ring, secret);
    if (!resealed) {
      ++report.failed;
      report.reason = secret.id + ": " + resealed.error().to_string();
    } else if (*resealed) {
      commands.submit(std::move((*resealed)->command), std::move((*resealed)->hold));
      ++report.resealed;
      KEYFOLD_FAULT_POINT("vault.resealed");
    }
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
  visit_secrets(ring, [&idle](const Secret& secret) {
    idle.erase(secret.data_key);
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
