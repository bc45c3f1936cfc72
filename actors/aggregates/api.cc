#include "actors/aggregates/api.h"

#include "projections/api.h"

namespace keyfold::actors {

std::optional<rows::ApiRow> find_live_api(const Context& context, const projections::RowReader& reader,
                                          std::string_view api_id) {
  auto api = projections::find_api(reader, api_id);
  if (!api || api->workspace_id() != context.workspace_id || api->deleted_at_ms() != 0) return std::nullopt;
  return api;
}

Decided decide(const v1::CreateApi& command, const Context&, const projections::RowReader& reader) {
  if (projections::find_api(reader, command.api_id())) {
    return reject(RejectionCode::kIdTaken, "The API id is taken.");
  }
  if (projections::find_api_id_by_keyspace(reader, command.keyspace_id())) {
    return reject(RejectionCode::kIdTaken, "The keyspace id is taken.");
  }
  Decision decision;
  auto& api = *decision.plan("api", command.api_id()).mutable_api_created();
  api.set_api_id(command.api_id());
  api.set_name(command.name());
  api.set_keyspace_id(command.keyspace_id());
  auto& keyspace = *decision.plan("keyspace", command.keyspace_id()).mutable_keyspace_created();
  keyspace.set_keyspace_id(command.keyspace_id());
  keyspace.set_api_id(command.api_id());
  return decision;
}

Decided decide(const v1::DeleteApi& command, const Context& context, const projections::RowReader& reader) {
  if (!find_live_api(context, reader, command.api_id())) {
    return reject(RejectionCode::kApiNotFound, "The API does not exist.");
  }
  Decision decision;
  decision.plan("api", command.api_id()).mutable_api_deleted()->set_api_id(command.api_id());
  return decision;
}

}  // namespace keyfold::actors
