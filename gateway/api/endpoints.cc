#include "gateway/api/api/endpoints.h"

#include "gateway/api/audit/endpoints.h"
#include "gateway/api/audit_log/endpoints.h"
#include "gateway/api/endpoint.h"
#include "gateway/api/identity/endpoints.h"
#include "gateway/api/key/endpoints.h"
#include "gateway/api/migration/endpoints.h"
#include "gateway/api/permission/endpoints.h"
#include "gateway/api/portal/endpoints.h"
#include "gateway/api/ratelimit/endpoints.h"
#include "gateway/api/role/endpoints.h"
#include "gateway/api/root_key/endpoints.h"
#include "gateway/api/webhook/endpoints.h"
#include "gateway/api/workspace/endpoints.h"

namespace keyfold::api {

namespace {

/// The vault makes a workspace's data key, or reads it from the disk, when it needs it for the first time.
bool seals(const Call& call) { return call.body.value("recoverable", false); }
bool may_seal(const Call&) { return true; }  // only the key tells whether it is recoverable
bool opens(const Call& call) { return call.body.value("decrypt", false); }
bool seals_headers(const Call& call) { return call.body.contains("headers"); }

}  // namespace

std::span<const Endpoint> endpoints() {
  static constexpr Endpoint kEndpoints[] = {
      {"/v2/apis.createApi", create_api},
      {"/v2/apis.getApi", get_api},
      {"/v2/apis.listKeys", list_keys, true},
      {"/v2/apis.getSettings", get_api_settings},
      {"/v2/apis.updateSettings", update_api_settings},
      {"/v2/apis.deleteApi", delete_api},
      {"/v2/audit.listLogs", list_audit_logs},
      {"/v2/audit.getInclusionProof", get_inclusion_proof, true},
      {"/v2/audit.getConsistencyProof", get_consistency_proof, true},
      {"/v2/keys.createKey", create_key, false, Access::kRootKey, false, seals},
      {"/v2/keys.getKey", get_key, false, Access::kRootKey, false, opens},
      {"/v2/keys.updateKey", update_key},
      {"/v2/keys.deleteKey", delete_key},
      {"/v2/keys.rerollKey", reroll_key, false, Access::kRootKey, false, may_seal},
      {"/v2/keys.migrateKeys", migrate_keys, true},
      {"/v2/keys.verifyKey", verify_key},
      {"/v2/keys.updateCredits", update_credits},
      {"/v2/keys.addPermissions", add_permissions},
      {"/v2/keys.removePermissions", remove_permissions},
      {"/v2/keys.setPermissions", set_permissions},
      {"/v2/keys.addRoles", add_roles},
      {"/v2/keys.removeRoles", remove_roles},
      {"/v2/keys.setRoles", set_roles},
      {"/v2/keys.whoami", whoami},
      {"/v2/audit.listEvents", list_events, true},
      {"/v2/audit.getResourceHistory", get_resource_history, true},
      {"/v2/audit.getStateAsOf", get_state_as_of, true},
      {"/v2/audit.getDiff", get_diff, true},
      {"/v2/identities.createIdentity", create_identity},
      {"/v2/identities.getIdentity", get_identity},
      {"/v2/identities.listIdentities", list_identities, true},
      {"/v2/identities.updateIdentity", update_identity},
      {"/v2/identities.deleteIdentity", delete_identity},
      {"/v2/migrations.createMigration", create_migration},
      {"/v2/migrations.listMigrations", list_migrations, true},
      {"/v2/permissions.createPermission", create_permission},
      {"/v2/permissions.getPermission", get_permission},
      {"/v2/permissions.listPermissions", list_permissions, true},
      {"/v2/permissions.deletePermission", delete_permission},
      {"/v2/permissions.createRole", create_role},
      {"/v2/permissions.getRole", get_role},
      {"/v2/permissions.listRoles", list_roles, true},
      {"/v2/permissions.deleteRole", delete_role},
      {"/v2/permissions.setRolePermissions", set_role_permissions},
      {"/v2/portals.createPortal", create_portal},
      {"/v2/portals.updatePortal", update_portal},
      {"/v2/portals.listPortals", list_portals, true},
      {"/v2/portal.createSession", create_portal_session, false, Access::kRootKey, true},
      {"/v2/portal.exchangeCode", exchange_portal_code, false, Access::kPublic, true},
      {"/v2/portal.listKeys", list_portal_keys, true, Access::kPortalSession},
      {"/v2/portal.rerollKey", reroll_portal_key, false, Access::kPortalSession, true, may_seal},
      {"/v2/portal.getVerifications", get_portal_verifications, true, Access::kPortalSession},
      {.path = "/v2/ratelimit.limit", .run = limit, .takes_idempotency_key = false},
      {.path = "/v2/ratelimit.multiLimit", .run = multi_limit, .takes_idempotency_key = false},
      {"/v2/ratelimit.setOverride", set_override},
      {"/v2/ratelimit.getOverride", get_override},
      {"/v2/ratelimit.deleteOverride", delete_override},
      {"/v2/ratelimit.listOverrides", list_overrides, true},
      {"/v2/ratelimit.deleteNamespace", delete_namespace},
      {"/v2/ratelimit.listNamespaces", list_namespaces, true},
      {.path = "/v2/webhooks.createWebhook", .run = create_webhook, .no_store = true, .may_block = may_seal},
      {"/v2/webhooks.getWebhook", get_webhook},
      {"/v2/webhooks.listWebhooks", list_webhooks, true},
      {.path = "/v2/webhooks.updateWebhook", .run = update_webhook, .may_block = seals_headers},
      {"/v2/webhooks.deleteWebhook", delete_webhook},
      {.path = "/v2/webhooks.rotateSecret", .run = rotate_webhook_secret, .no_store = true, .may_block = may_seal},
      {"/v2/webhooks.testWebhook", test_webhook},
      {"/v2/webhooks.listDeliveries", list_deliveries, true},
      {"/v2/webhooks.redeliver", redeliver, true},
      {"/v2/workspaces.createWorkspace", create_workspace},
      {"/v2/workspaces.listWorkspaces", list_workspaces, true},
      {"/v2/workspaces.updateWorkspace", update_workspace},
      {"/v2/rootKeys.createRootKey", create_root_key},
      {"/v2/rootKeys.listRootKeys", list_root_keys, true},
      {"/v2/rootKeys.updateRootKey", update_root_key},
      {"/v2/rootKeys.revokeRootKey", revoke_root_key},
  };
  return kEndpoints;
}

}  // namespace keyfold::api
