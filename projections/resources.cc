#include "projections/resources.h"

#include <algorithm>
#include <array>
#include <memory>

#include "events/public_event.h"
#include "projections/ratelimit.h"
#include "projections/row_access.h"
#include "projections/rows.pb.h"

namespace keyfold::projections {
namespace {

using google::protobuf::Message;

/// Where the rows of a kind are: the row's key is `prefix` and the id.
struct Kind {
  std::string_view name;
  Table table;
  std::string_view prefix;
  const Message& (*prototype)();
};

template <class Row>
const Message& prototype() {
  return Row::default_instance();
}

constexpr std::array kKinds = {
    Kind{"workspace", Table::kWorkspaces, "w/", prototype<rows::WorkspaceRow>},
    Kind{"root_key", Table::kRootKeys, "r/", prototype<rows::RootKeyRow>},
    Kind{"api", Table::kApis, "a/", prototype<rows::ApiRow>},
    Kind{"key", Table::kKeys, "k/", prototype<rows::KeyRow>},
    Kind{"identity", Table::kIdentities, "i/", prototype<rows::IdentityRow>},
    Kind{"permission", Table::kPermissions, "p/", prototype<rows::PermissionRow>},
    Kind{"role", Table::kRoles, "r/", prototype<rows::RoleRow>},
    Kind{"ratelimit_namespace", Table::kRatelimits, "n/", prototype<rows::RatelimitNamespaceRow>},
    Kind{"ratelimit_override", Table::kRatelimits, "o/", prototype<rows::RatelimitOverrideRow>},
    Kind{"portal", Table::kPortals, "p/", prototype<rows::PortalRow>},
    Kind{"portal_session", Table::kPortals, "s/", prototype<rows::PortalSessionRow>},
    Kind{"migration", Table::kMigrations, "m/", prototype<rows::MigrationRow>},
    Kind{"webhook", Table::kWebhooks, "w/", prototype<rows::WebhookRow>},
};

/// An override's row does not name its workspace: its namespace does.
std::string workspace_of(const Message& row, const RowReader& rows) {
  const auto* field = row.GetDescriptor()->FindFieldByName("workspace_id");
  if (field != nullptr) return row.GetReflection()->GetString(row, field);
  const auto* in = row.GetDescriptor()->FindFieldByName("namespace_id");
  if (in == nullptr) return {};
  const auto found = find_ratelimit_namespace(rows, row.GetReflection()->GetString(row, in));
  return found ? found->workspace_id() : std::string();
}

}  // namespace

const std::vector<std::string>& resource_kinds() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Kind& kind : kKinds) all.emplace_back(kind.name);
    return all;
  }();
  return names;
}

std::optional<ResourceId> resource_of(Table table, std::string_view row_key) {
  const auto kind = std::ranges::find_if(
      kKinds, [&](const Kind& known) { return known.table == table && row_key.starts_with(known.prefix); });
  if (kind == kKinds.end()) return std::nullopt;
  return ResourceId{std::string(kind->name), std::string(row_key.substr(kind->prefix.size()))};
}

std::optional<std::string> resource_json(const RowReader& rows, std::string_view workspace_id,
                                         const ResourceId& resource) {
  const auto kind = std::ranges::find(kKinds, resource.kind, &Kind::name);
  if (kind == kKinds.end()) return std::nullopt;
  const auto bytes = rows.get(kind->table, row_key({kind->prefix, resource.id}));
  if (!bytes) return std::nullopt;
  const std::unique_ptr<Message> row(kind->prototype().New());
  if (!row->ParseFromString(*bytes) || workspace_of(*row, rows) != workspace_id) return std::nullopt;
  std::string json;
  events::append_public_json(json, *row);
  return json;
}

}  // namespace keyfold::projections
