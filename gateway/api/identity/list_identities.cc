#include "actors/aggregates/answer_json.h"
#include "gateway/api/api/endpoints.h"
#include "gateway/api/identity/endpoints.h"
#include "gateway/api/page.h"
#include "gateway/api/search.h"
#include "projections/identity.h"

namespace keyfold::api {

// Each identity on the page must be one that the caller may read; the one after it only gives the cursor.
Answered<Step> list_identities(const Call& call, const Services& services) {
  const auto& reader = rows_of(call, services);
  const PageRequest request = page_request(call);
  const Search search(call);
  Page page(request);
  bool may_read_all = true;
  const std::string prefix = "n/" + std::string(call.workspace_id()) + "/";
  const std::string from = request.cursor.empty() ? std::string() : prefix + request.cursor;
  services.projections.scan(call.principal->partition, projections::Table::kIdentities, prefix, from,
                            [&](std::string_view row_key, std::string_view external_id) {
                              const std::string_view id = row_key.substr(prefix.size());
                              if (!search.matches({id, external_id})) return true;
                              const auto identity = projections::find_identity(reader, id);
                              if (!identity) return true;
                              may_read_all = page.is_full() || may_on_identity(call, id, "read_identity");
                              return may_read_all && page.add(id, actors::identity_json(*identity));
                            });
  if (!may_read_all) return refuse(missing_permission("identity.*.read_identity"));
  return std::move(page).finish();
}

}  // namespace keyfold::api
