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
                out << text_table(data, {{"WORKSPACE", "workspaceId"},
                                         {"NAME", "name"},
                                         {"CREATED", "createdAt"},
                                         {"ENABLED", "enabled"},
                                         {"REQUESTS/MIN", "requestsPerMinute"}});
              });
}

Status update_workspace(const ClientOptions& options, const WorkspaceChanges& changes, std::ostream& out) {
  nlohmann::json body{{"workspaceId", changes.workspace_id}};
  if (changes.enabled) body["enabled"] = *changes.enabled;
  if (changes.requests_per_minute == kUnlimited) {
    body["requestsPerMinute"] = nullptr;
  } else if (changes.requests_per_minute) {
    body["requestsPerMinute"] = std::stoll(*changes.requests_per_minute);
  }
  return show(options, client_of(options).call("workspaces.updateWorkspace", body), out,
              [&](const Json&) { out << "updated: " << changes.workspace_id << '\n'; });
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
                             {"ENABLED", "enabled"},
                             {"PERMISSIONS", "permissions"}});
  });
}

Status update_root_key(const ClientOptions& options, const RootKeyChanges& changes, std::ostream& out) {
  nlohmann::json body = with_workspace({{"rootKeyId", changes.root_key_id}}, changes.workspace_id);
  if (changes.enabled) body["enabled"] = *changes.enabled;
  if (changes.name) body["name"] = *changes.name;
  return show(options, client_of(options).call("rootKeys.updateRootKey", body), out,
              [&](const Json&) { out << "updated: " << changes.root_key_id << '\n'; });
}

Status revoke_root_key(const ClientOptions& options, const std::string& root_key_id, const std::string& workspace_id,
                       std::ostream& out) {
  const nlohmann::json body = with_workspace({{"rootKeyId", root_key_id}}, workspace_id);
  return show(options, client_of(options).call("rootKeys.revokeRootKey", body), out,
              [&](const Json&) { out << "revoked: " << root_key_id << '\n'; });
}

}  // namespace keyfold::ops
