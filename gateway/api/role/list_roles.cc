#include "actors/aggregates/answer_json.h"
#include "gateway/api/api/endpoints.h"
#include "gateway/api/page.h"
#include "gateway/api/role/endpoints.h"
#include "gateway/api/search.h"
#include "projections/role.h"

namespace keyfold::api {

Answered<Step> list_roles(const Call& call, const Services& services) {
  if (!call.may({{"rbac.*.read_role", {}}})) return refuse(missing_permission("rbac.*.read_role"));
  const auto& reader = rows_of(call, services);
  const PageRequest request = page_request(call);
  const Search search(call);
  const std::string prefix = projections::role_list_prefix(call.workspace_id());
  Page page(request);
  services.projections.scan(call.principal->partition, projections::Table::kRoles, prefix, prefix + request.cursor,
                            [&](std::string_view row_key, std::string_view) {
                              const auto row = projections::find_role(reader, row_key.substr(prefix.size()));
                              if (!row || !search.matches({row->role_id(), row->name(), row->description()}))
                                return true;
                              return page.add(row->role_id(), actors::role_json(*row, reader));
                            });
  return std::move(page).finish();
}

}  // namespace keyfold::api
