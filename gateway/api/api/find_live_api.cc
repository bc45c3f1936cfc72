#include "gateway/api/api/endpoints.h"
#include "projections/api.h"

namespace keyfold::api {

const projections::RowReader& rows_of(const Call& call, const Services& services) {
  return services.projections.reader(call.principal->partition);
}

std::optional<rows::ApiRow> find_live_api(const Call& call, const Services& services, std::string_view api_id) {
  auto row = projections::find_api(rows_of(call, services), api_id);
  if (!row || row->workspace_id() != call.workspace_id() || row->deleted_at_ms() != 0) return std::nullopt;
  return row;
}

}  // namespace keyfold::api
