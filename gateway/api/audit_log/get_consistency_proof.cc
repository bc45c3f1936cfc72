#include "gateway/api/audit_log/endpoints.h"
#include "schemas/base/encoding.h"

namespace keyfold::api {

Answered<Step> get_consistency_proof(const Call& call, const Services& services) {
  if (!call.may({{std::string(kReadEvent), {}}})) return refuse(missing_permission(kReadEvent));
  const actors::AuditLogs& logs = services.audit_logs;
  const auto tree = actors::tree_of_name(call.text("log"));
  if (!tree || !logs.has(*tree))
    return refuse(invalid_input("There is no such log: see audit.listLogs for their names."));
  const auto head = logs.head(*tree);
  const auto from = call.body.at("from").get<std::uint64_t>();
  const auto* given = call.find("to");
  const std::uint64_t to = given != nullptr ? given->get<std::uint64_t>() : head->size;
  if (from > to || to > head->size) {
    return refuse(invalid_input("`from` must not be above `to`, nor `to` above the log's published size of " +
                                std::to_string(head->size) + "."));
  }
  const auto from_root = services.audit.root(*tree, from);
  const auto to_root = services.audit.root(*tree, to);
  const auto proof = services.audit.consistency_proof(*tree, from, to);
  if (!from_root || !to_root || !proof) return refuse(overloaded("The proof can't be made now. Try again."));
  Json hashes = Json::array();
  for (const Digest& hash : *proof) hashes.push_back(to_base64(as_view(hash)));
  const Json data{{"origin", logs.verifier(*tree).name},
                  {"from", from},
                  {"fromRoot", to_base64(as_view(*from_root))},
                  {"to", to},
                  {"toRoot", to_base64(as_view(*to_root))},
                  {"hashes", std::move(hashes)},
                  {"checkpoint", head->checkpoint}};
  return Data{data.dump(), {}};
}

}  // namespace keyfold::api
