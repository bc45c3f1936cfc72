#include "actors/aggregates/decide.h"

#include "actors/aggregates/api.h"
#include "actors/aggregates/identity.h"
#include "actors/aggregates/key.h"
#include "actors/aggregates/key_credits.h"
#include "actors/aggregates/key_grants.h"
#include "actors/aggregates/key_migration.h"
#include "actors/aggregates/key_reroll.h"
#include "actors/aggregates/key_secret.h"
#include "actors/aggregates/migration.h"
#include "actors/aggregates/permission.h"
#include "actors/aggregates/portal.h"
#include "actors/aggregates/ratelimit.h"
#include "actors/aggregates/refill.h"
#include "actors/aggregates/role.h"
#include "actors/aggregates/root_key.h"
#include "actors/aggregates/tree_heads.h"
#include "actors/aggregates/webhook.h"
#include "actors/aggregates/workspace.h"
#include "projections/workspace.h"

namespace keyfold::actors {

Decided decide(const v1::Command& command, std::int64_t time_ms, const projections::RowReader& reader) {
  const Context context{command.workspace_id(), time_ms};
  if (command.has_publish_tree_heads()) return decide(command.publish_tree_heads(), context, reader);
  if (!command.has_create_workspace() && !projections::find_workspace(reader, context.workspace_id)) {
    return reject(RejectionCode::kWorkspaceNotFound, "The workspace does not exist.");
  }
  switch (command.body_case()) {
    case v1::Command::kCreateWorkspace:
      return decide(command.create_workspace(), context, reader);
    case v1::Command::kCreateRootKey:
      return decide(command.create_root_key(), context, reader);
    case v1::Command::kUpdateWorkspace:
      return decide(command.update_workspace(), context, reader);
    case v1::Command::kUpdateRootKey:
      return decide(command.update_root_key(), context, reader);
    case v1::Command::kRevokeRootKey:
      return decide(command.revoke_root_key(), context, reader);
    case v1::Command::kCreateApi:
      return decide(command.create_api(), context, reader);
    case v1::Command::kUpdateApi:
      return decide(command.update_api(), context, reader);
    case v1::Command::kDeleteApi:
      return decide(command.delete_api(), context, reader);
    case v1::Command::kCreateKey:
      return decide(command.create_key(), context, reader);
    case v1::Command::kUpdateKey:
      return decide(command.update_key(), context, reader);
    case v1::Command::kDeleteKey:
      return decide(command.delete_key(), context, reader);
    case v1::Command::kSpendCredits:
      return decide(command.spend_credits(), context, reader);
    case v1::Command::kUpdateCredits:
      return decide(command.update_credits(), context, reader);
    case v1::Command::kChangeKeyPermissions:
      return decide(command.change_key_permissions(), context, reader);
    case v1::Command::kChangeKeyRoles:
      return decide(command.change_key_roles(), context, reader);
    case v1::Command::kRerollKey:
      return decide(command.reroll_key(), context, reader);
    case v1::Command::kMigrateKeys:
      return decide(command.migrate_keys(), context, reader);
    case v1::Command::kCompleteMigration:
      return decide(command.complete_migration(), context, reader);
    case v1::Command::kCreateMigration:
      return decide(command.create_migration(), context, reader);
    case v1::Command::kRefillKey:
      return decide(command.refill_key(), context, reader);
    case v1::Command::kResealKey:
      return decide(command.reseal_key(), context, reader);
    case v1::Command::kCompleteRefills:
      return decide(command.complete_refills(), context, reader);
    case v1::Command::kCreateIdentity:
      return decide(command.create_identity(), context, reader);
    case v1::Command::kUpdateIdentity:
      return decide(command.update_identity(), context, reader);
    case v1::Command::kDeleteIdentity:
      return decide(command.delete_identity(), context, reader);
    case v1::Command::kCreatePermission:
      return decide(command.create_permission(), context, reader);
    case v1::Command::kDeletePermission:
      return decide(command.delete_permission(), context, reader);
    case v1::Command::kCreateRole:
      return decide(command.create_role(), context, reader);
    case v1::Command::kDeleteRole:
      return decide(command.delete_role(), context, reader);
    case v1::Command::kSetRolePermissions:
      return decide(command.set_role_permissions(), context, reader);
    case v1::Command::kCreatePortal:
      return decide(command.create_portal(), context, reader);
    case v1::Command::kUpdatePortal:
      return decide(command.update_portal(), context, reader);
    case v1::Command::kCreatePortalSession:
      return decide(command.create_portal_session(), context, reader);
    case v1::Command::kExchangePortalCode:
      return decide(command.exchange_portal_code(), context, reader);
    case v1::Command::kCreateRatelimitNamespaces:
      return decide(command.create_ratelimit_namespaces(), context, reader);
    case v1::Command::kDeleteRatelimitNamespace:
      return decide(command.delete_ratelimit_namespace(), context, reader);
    case v1::Command::kSetRatelimitOverride:
      return decide(command.set_ratelimit_override(), context, reader);
    case v1::Command::kDeleteRatelimitOverride:
      return decide(command.delete_ratelimit_override(), context, reader);
    case v1::Command::kCreateWebhook:
      return decide(command.create_webhook(), context, reader);
    case v1::Command::kUpdateWebhook:
      return decide(command.update_webhook(), context, reader);
    case v1::Command::kDeleteWebhook:
      return decide(command.delete_webhook(), context, reader);
    case v1::Command::kRotateWebhookSecret:
      return decide(command.rotate_webhook_secret(), context, reader);
    case v1::Command::kTestWebhook:
      return decide(command.test_webhook(), context, reader);
    case v1::Command::kRedeliverWebhook:
      return decide(command.redeliver_webhook(), context, reader);
    case v1::Command::kRecordWebhookDeliveries:
      return decide(command.record_webhook_deliveries(), context, reader);
    case v1::Command::kResealWebhook:
      return decide(command.reseal_webhook(), context, reader);
    case v1::Command::kPublishTreeHeads:  // of no workspace: see above
    case v1::Command::BODY_NOT_SET:
      break;
  }
  return reject(RejectionCode::kInvalidInput, "The command asks for nothing that this version of keyfold knows.");
}

}  // namespace keyfold::actors
