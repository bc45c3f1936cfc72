#include "actors/aggregates/portal.h"

#include "actors/aggregates/api.h"
#include "projections/portal.h"

namespace keyfold::actors {
namespace {

tl::unexpected<Rejection> portal_not_found() {
  return reject(RejectionCode::kPortalNotFound, "The portal does not exist.");
}

std::optional<rows::PortalRow> find_own(const Context& context, const projections::RowReader& reader,
                                        std::string_view portal_id) {
  auto portal = projections::find_portal(reader, portal_id);
  if (portal && portal->workspace_id() != context.workspace_id) portal.reset();
  return portal;
}

}  // namespace

Decided decide(const v1::CreatePortal& command, const Context& context, const projections::RowReader& reader) {
  if (projections::find_portal_id_by_slug(reader, context.workspace_id, command.slug())) {
    return reject(RejectionCode::kPortalExists, "A portal with the slug '" + command.slug() + "' exists already.");
  }
  if (projections::find_portal(reader, command.portal_id())) {
    return reject(RejectionCode::kIdTaken, "The portal id is taken.");
  }
  for (const std::string& api_id : command.api_ids()) {
    if (!find_live_api(context, reader, api_id)) {
      return reject(RejectionCode::kApiNotFound, "The API does not exist.");
    }
  }
  Decision decision;
  auto& created = *decision.plan("portal", command.portal_id()).mutable_portal_created();
  created.set_portal_id(command.portal_id());
  created.set_slug(command.slug());
  *created.mutable_api_ids() = command.api_ids();
  created.set_base_url(command.base_url());
  created.set_enabled(command.enabled());
  return decision;
}

Decided decide(const v1::UpdatePortal& command, const Context& context, const projections::RowReader& reader) {
  const auto portal = find_own(context, reader, command.portal_id());
  if (!portal) return portal_not_found();
  Decision decision;
  if (!command.has_enabled() || command.enabled() == portal->enabled()) return decision;
  auto& updated = *decision.plan("portal", command.portal_id()).mutable_portal_updated();
  updated.set_portal_id(command.portal_id());
  updated.set_enabled(command.enabled());
  return decision;
}

Decided decide(const v1::CreatePortalSession& command, const Context& context, const projections::RowReader& reader) {
  const auto portal = find_own(context, reader, command.portal_id());
  if (!portal || !portal->enabled()) return portal_not_found();
  const bool is_taken = projections::find_portal_session(reader, command.session_id()) ||
                        projections::find_portal_session_by_code(reader, command.code_hash());
  if (is_taken) return reject(RejectionCode::kIdTaken, "The session id is taken.");
  Decision decision;
  auto& created = *decision.plan("portal_session", command.session_id()).mutable_portal_session_created();
  created.set_session_id(command.session_id());
  created.set_portal_id(command.portal_id());
  created.set_external_id(command.external_id());
  *created.mutable_scopes() = command.scopes();
  *created.mutable_keyspace_ids() = command.keyspace_ids();
  created.set_code_hash(command.code_hash());
  created.set_code_expires_at_ms(command.code_expires_at_ms());
  created.set_preview(command.preview());
  return decision;
}

Decided decide(const v1::ExchangePortalCode& command, const Context& context, const projections::RowReader& reader) {
  const auto session = projections::find_portal_session_by_code(reader, command.code_hash());
  if (!session || session->workspace_id() != context.workspace_id || context.time_ms > session->code_expires_at_ms()) {
    return reject(RejectionCode::kPortalSessionNotFound, "The code is unknown, used or expired.");
  }
  Decision decision;
  auto& exchanged = *decision.plan("portal_session", session->session_id()).mutable_portal_session_exchanged();
  exchanged.set_session_id(session->session_id());
  exchanged.set_token_hash(command.token_hash());
  exchanged.set_expires_at_ms(command.expires_at_ms());
  return decision;
}

}  // namespace keyfold::actors
