#include "gateway/api/audit_log/endpoints.h"
#include "gateway/api/audit_log/files.h"

namespace keyfold::api {

Answered<Step> list_audit_logs(const Call& call, const Services& services) {
  if (!call.may({{std::string(kReadEvent), {}}})) return refuse(missing_permission(kReadEvent));
  const actors::AuditLogs& logs = services.audit_logs;
  Json list = Json::array();
  for (const projections::TreeId tree : logs.trees()) {
    const std::string name = actors::name_of_tree(tree);
    list.push_back(Json{{"name", name},
                        {"origin", logs.verifier(tree).name},
                        {"path", std::string(kAuditPrefix) + name},
                        {"verifierKey", logs.verifier(tree).to_string()},
                        {"size", logs.head(tree)->size}});
  }
  return Data{list.dump(), {}};
}

}  // namespace keyfold::api
