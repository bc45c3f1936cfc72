#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "ops/cli/audit_text.h"
#include "ops/cli/client_commands.h"
#include "schemas/base/result.h"

// `keyfold audit`: the history of a workspace, through a server's REST API.
namespace keyfold::ops {

/// Which events; what is empty does not matter.
struct AuditQuery {
  std::vector<std::string> types;
  std::string kind;      // of resource, e.g. "key"
  std::string resource;  // `kind/id`, or an id whose prefix tells its kind
  std::string principal_id;
  std::string from;  // times or positions, as the API takes them
  std::string to;
};

struct AuditLogRequest {
  AuditQuery query;
  std::size_t limit = 100;  // newest events, shown oldest first; with follow: before it begins
  bool follow = false;
};

/// Prints events a line each, or as JSON lines. With `follow` goes on until the output is closed.
[[nodiscard]] Status audit_log(const ClientOptions& options, const AuditLogRequest& request, Colours colours,
                               std::ostream& out);

/// Every change to one thing: who, when, from where, old and new values.
[[nodiscard]] Status audit_why(const ClientOptions& options, const std::string& resource, Colours colours,
                               std::ostream& out);

/// What is different between two moments. `to` empty: now.
[[nodiscard]] Status audit_diff(const ClientOptions& options, const std::string& from, const std::string& to,
                                Colours colours, std::ostream& out);

/// What a thing looked like.
[[nodiscard]] Status audit_state(const ClientOptions& options, const std::string& resource, const std::string& at,
                                 std::ostream& out);

/// All events of the query, the oldest first, as JSON lines or CSV. `progress` gets a line now and then, if there is
/// one.
enum class ExportFormat { kJsonLines, kCsv };
[[nodiscard]] Status audit_export(const ClientOptions& options, const AuditQuery& query, ExportFormat format,
                                  std::ostream& out, std::ostream* progress);

struct ResourceName {
  std::string kind;
  std::string id;
};
/// `key/key_1`, or `key_1` alone. kInvalidArgument when the kind can't be told.
[[nodiscard]] Result<ResourceName> parse_resource(const std::string& text);

}  // namespace keyfold::ops
