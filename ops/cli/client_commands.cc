#include "ops/cli/client_commands.h"

#include <ostream>

#include "ops/cli/api_client.h"
#include "ops/cli/text_table.h"

namespace keyfold::ops {
namespace {

using Json = nlohmann::ordered_json;

/// Prints the answer as JSON if that is wanted, else by `print`.
Status show(const ClientOptions& options, const Result<Json>& data, std::ostream& out, auto print) {
  if (!data) return tl::unexpected(data.error());
  if (options.output == Output::kJson) {
    out << data->dump(2) << '\n';
  } else {
    print(*data);
  }
  out.flush();
  return {};
}

ApiClient client_of(const ClientOptions& options) { return {options.server, options.root_key}; }

nlohmann::json with_workspace(nlohmann::json body, const std::string& workspace_id) {
  if (!workspace_id.empty()) body["workspaceId"] = workspace_id;
  return body;
}

}  // namespace

Status create_workspace(const ClientOptions& options, const std::string& name, std::ostream& out) {
  return show(options, client_of(options).call("workspaces.createWorkspace", {{"name", name}}), out,
              [&out](const Json& data) { out << "workspace: " << data.value("workspaceId", "") << '\n'; });
}

Status list_workspaces(const ClientOptions& options, std::ostream& out) {
  return show(options, client_of(options).list("workspaces.listWorkspaces", nlohmann::json::object()), out,
              [&out](const Json& data) {
                out << text_table(data, {{"WORKSPACE", "workspaceId"}, {"NAME", "name"}, {"CREATED", "createdAt"}});
              });
}

Status create_root_key(const ClientOptions& options, const NewRootKey& wanted, std::ostream& out) {
  const nlohmann::json body =
      with_workspace({{"name", wanted.name}, {"permissions", wanted.permissions}}, wanted.workspace_id);
  return show(options, client_of(options).call("rootKeys.createRootKey", body), out, [&out](const Json& data) {
    out << "id: " << data.value("rootKeyId", "") << "\nroot key: " << data.value("rootKey", "") << '\n';
  });
}

Status list_root_keys(const ClientOptions& options, const std::string& workspace_id, std::ostream& out) {
  const nlohmann::json body = with_workspace(nlohmann::json::object(), workspace_id);
  return show(options, client_of(options).list("rootKeys.listRootKeys", body), out, [&out](const Json& data) {
    out << text_table(data, {{"ROOT KEY", "rootKeyId"},
                             {"NAME", "name"},
                             {"START", "start"},
                             {"CREATED", "createdAt"},
                             {"EXPIRES", "expires"},
                             {"PERMISSIONS", "permissions"}});
  });
}

Status revoke_root_key(const ClientOptions& options, const std::string& root_key_id, const std::string& workspace_id,
                       std::ostream& out) {
  const nlohmann::json body = with_workspace({{"rootKeyId", root_key_id}}, workspace_id);
  return show(options, client_of(options).call("rootKeys.revokeRootKey", body), out,
              [&](const Json&) { out << "revoked: " << root_key_id << '\n'; });
}

}  // namespace keyfold::ops
