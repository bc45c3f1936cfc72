#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "schemas/base/result.h"

// Commands that work through a server's REST API.
namespace keyfold::ops {

enum class Output { kText, kJson };

/// Which server, as whom, and how to print.
struct ClientOptions {
  std::string server;
  std::string root_key;
  Output output = Output::kText;
};

/// Prints `workspace: <id>`.
[[nodiscard]] Status create_workspace(const ClientOptions& options, const std::string& name, std::ostream& out);
[[nodiscard]] Status list_workspaces(const ClientOptions& options, std::ostream& out);

inline constexpr const char* kUnlimited = "unlimited";
struct WorkspaceChanges {
  std::string workspace_id;
  std::optional<bool> enabled;                     // absent members stay
  std::optional<std::string> requests_per_minute;  // a number or kUnlimited
};
/// Prints `updated: <id>`.
[[nodiscard]] Status update_workspace(const ClientOptions& options, const WorkspaceChanges& changes, std::ostream& out);

struct NewRootKey {
  std::string name;
  std::vector<std::string> permissions;
  std::string workspace_id;  // empty: the caller's own
};
/// Prints `id: <id>` and `root key: <secret>`, which is never shown again.
[[nodiscard]] Status create_root_key(const ClientOptions& options, const NewRootKey& wanted, std::ostream& out);
/// `workspace_id` as in NewRootKey.
[[nodiscard]] Status list_root_keys(const ClientOptions& options, const std::string& workspace_id, std::ostream& out);
struct RootKeyChanges {
  std::string root_key_id;
  std::string workspace_id;  // as above
  std::optional<bool> enabled;
  std::optional<std::string> name;
};
/// Prints `updated: <id>`.
[[nodiscard]] Status update_root_key(const ClientOptions& options, const RootKeyChanges& changes, std::ostream& out);
[[nodiscard]] Status revoke_root_key(const ClientOptions& options, const std::string& root_key_id,
                                     const std::string& workspace_id, std::ostream& out);

}  // namespace keyfold::ops
