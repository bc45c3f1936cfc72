#include "projections/projector.h"

#include <array>

#include "projections/api.h"
#include "projections/command.h"
#include "projections/identity.h"
#include "projections/key.h"
#include "projections/migration.h"
#include "projections/partition.h"
#include "projections/permission.h"
#include "projections/portal.h"
#include "projections/ratelimit.h"
#include "projections/role.h"
#include "projections/root_key.h"
#include "projections/webhook.h"
#include "projections/workspace.h"

namespace keyfold::projections {
namespace {

constexpr std::array<Projector, kTableCount> kProjectors = {
    kWorkspaceProjector,  kRootKeyProjector,   kApiProjector,     kKeyProjector,    kIdentityProjector,
    kPermissionProjector, kRoleProjector,      kCommandProjector, kPortalProjector, kRatelimitProjector,
    kMigrationProjector,  kPartitionProjector, kWebhookProjector,
};

constexpr bool in_table_order() {
  for (std::size_t i = 0; i < kProjectors.size(); ++i) {
    if (static_cast<std::size_t>(kProjectors[i].table) != i) return false;
  }
  return true;
}
static_assert(in_table_order());

}  // namespace

std::span<const Projector> projectors() { return kProjectors; }

void fold(const events::Event& event, Overlay& rows) {
  for (const Projector& projector : kProjectors) projector.fold(event, rows);
}

}  // namespace keyfold::projections
