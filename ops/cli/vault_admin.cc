#include "ops/cli/vault_admin.h"

#include <spdlog/spdlog.h>

namespace keyfold::ops {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kPage = 1'000;
/// Of one request: each is a write with an fsync or two.
constexpr std::size_t kStepMax = 1'000;

Json to_json(const actors::RotationStep& step) { return {{"done", step.done}, {"left", step.left}}; }

}  // namespace

Result<Json> VaultAdmin::status() const {
  std::uint64_t data_keys = 0;
  std::uint64_t under_previous = 0;
  for (std::string after;;) {
    const auto page = vault_.data_keys(after, kPage);
    if (!page) return tl::unexpected(page.error());
    for (const actors::DataKeyInfo& info : *page) {
      ++data_keys;
      if (info.master_key_id != vault_.master_key_id()) ++under_previous;
    }
    if (page->size() < kPage) break;
    after = page->back().id;
  }
  const auto left = reseals_.left();
  if (!left) return tl::unexpected(left.error());
  return Json{{"masterKey", vault_.master_key_id()},
              {"previousMasterKeys", vault_.previous_master_key_ids()},
              {"dataKeys", data_keys},
              {"underPreviousMasterKeys", under_previous},
              {"superseded", left->data_keys},
              {"secretsToReseal", left->secrets}};
}

Result<Json> VaultAdmin::rewrap() {
  const auto step = vault_.rewrap(kStepMax);
  if (!step) return tl::unexpected(step.error());
  if (step->done > 0)
    spdlog::info("wrapped {} data keys by {}; {} are left", step->done, vault_.master_key_id(), step->left);
  return to_json(*step);
}

Result<Json> VaultAdmin::rotate(const std::string& ring) {
  if (const Status rotated = vault_.rotate(ring); !rotated) return tl::unexpected(rotated.error());
  spdlog::info("the vault's ring {} has a new data key", ring);
  wake_reseals_();
  return to_json({1, 0});
}

Result<Json> VaultAdmin::rotate_all(std::int64_t before_ms) {
  if (before_ms == 0) before_ms = clock_.now_ms();
  const auto step = vault_.rotate_all(before_ms, kStepMax);
  if (!step) return tl::unexpected(step.error());
  if (step->done > 0) spdlog::info("{} rings of the vault have a new data key; {} are left", step->done, step->left);
  wake_reseals_();
  Json answer = to_json(*step);
  answer["before"] = before_ms;
  return answer;
}

}  // namespace keyfold::ops
