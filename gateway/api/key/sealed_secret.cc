#include "gateway/api/key/sealed_secret.h"

#include <spdlog/spdlog.h>

#include "actors/aggregates/key_secret.h"
#include "gateway/api/metrics.h"
#include "projections/key.h"

namespace keyfold::api {
namespace {

Result<std::string> open_row(const Services& services, const rows::KeyRow& key) {
  return services.vault.open(actors::key_seal_context(key.workspace_id(), key.key_id()), key.sealed_secret());
}

/// The key as it is now. A rotation may have sealed it anew and destroyed the old data key since it was read.
std::optional<rows::KeyRow> read_again(const Services& services, const rows::KeyRow& key) {
  const auto partition = events::partition_of(key.workspace_id(), services.projections.partitions());
  auto now = projections::find_key(services.projections.reader(partition), key.key_id());
  if (now && now->sealed_secret() == key.sealed_secret()) now.reset();
  return now;
}

}  // namespace

Answered<std::string> seal_secret(const Call& call, const Services& services, std::string_view key_id,
                                  std::string_view secret, Plan& plan) {
  auto held = services.vault.seal_held(actors::key_seal_context(call.workspace_id(), key_id), secret);
  if (!held) {
    spdlog::error("{}: a key's secret can't be sealed: {}", call.request_id, held.error().to_string());
    return refuse(unexpected_error());
  }
  plan.data_key = std::move(held->hold);
  return std::move(held->sealed);
}

std::optional<std::string> open_secret(const Services& services, const rows::KeyRow& key) {
  if (key.sealed_secret().empty()) {
    services.metrics.count_decryption(Decryption::kAbsent);
    return std::nullopt;
  }
  auto secret = open_row(services, key);
  if (!secret && secret.error().code == ErrorCode::kNotFound) {
    if (const auto now = read_again(services, key)) secret = open_row(services, *now);
  }
  if (!secret) {
    services.metrics.count_decryption(Decryption::kFailed);
    spdlog::error("{}: the key's secret can't be opened: {}", key.key_id(), secret.error().to_string());
    return std::nullopt;
  }
  services.metrics.count_decryption(Decryption::kOpened);
  return *std::move(secret);
}

void set_plaintext(Json& out, const Services& services, const rows::KeyRow& key) {
  if (auto secret = open_secret(services, key)) out["plaintext"] = *std::move(secret);
}

}  // namespace keyfold::api
