#include "gateway/api/portal/endpoints.h"
#include "projections/portal.h"
#include "schemas/base/hash.h"
#include "schemas/base/random.h"

namespace keyfold::api {
namespace {

constexpr std::int64_t kTokenLifetimeMs = std::int64_t{24} * 3'600'000;
constexpr std::size_t kTokenLength = 24;

std::optional<rows::PortalSessionRow> find_session(const Services& services, std::string_view code_hash) {
  for (events::PartitionId partition = 0; partition < services.projections.partitions(); ++partition) {
    auto session = projections::find_portal_session_by_code(services.projections.reader(partition), code_hash);
    if (session) return session;
  }
  return std::nullopt;
}

}  // namespace

Answered<Step> exchange_portal_code(const Call& call, const Services& services) {
  const Digest code_hash = sha256(call.text("code"));
  const auto session = find_session(services, as_view(code_hash));
  if (!session) return refuse(portal_session_not_found());
  const std::string token = make_id("pat", kTokenLength);
  const Digest token_hash = sha256(token);
  Plan plan;
  plan.command.set_workspace_id(session->workspace_id());
  auto& principal = *plan.command.mutable_principal();
  principal.set_type(v1::Principal::SYSTEM);
  principal.set_id(session->session_id());
  principal.set_name("portal");
  auto& command = *plan.command.mutable_exchange_portal_code();
  command.set_code_hash(code_hash.data(), code_hash.size());
  command.set_token_hash(token_hash.data(), token_hash.size());
  command.set_expires_at_ms(call.time_ms + kTokenLifetimeMs);
  plan.data_json = Json{{"accessToken", token}, {"expiresAt", command.expires_at_ms()}}.dump();
  plan.holds_secret = true;
  return plan;
}

}  // namespace keyfold::api
