#include "ops/cli/bootstrap.h"

#include "actors/submit.h"
#include "gateway/api/root_key_secret.h"
#include "schemas/base/random.h"

namespace keyfold::ops {
namespace {

constexpr std::string_view kWorkspaceRows = "w/";
constexpr std::string_view kRootKeyRows = "r/";
constexpr std::size_t kWorkspaceIdLength = 16;
constexpr std::int64_t kOwnerWaitMs = 60'000;
/// `administrator` covers its own workspace only; the others are about all workspaces.
constexpr const char* kAllPermissions[] = {"administrator",
                                           "audit.*.read_entries",
                                           "workspace.*.create_workspace",
                                           "workspace.*.manage_root_keys",
                                           "workspace.*.read_workspace",
                                           "workspace.*.update_workspace"};

/// The key of the first row with that prefix, in any partition, without the prefix.
std::optional<std::string> first_id(const projections::Projections& projections, projections::Table table,
                                    std::string_view prefix) {
  std::optional<std::string> found;
  for (events::PartitionId partition = 0; partition < projections.partitions() && !found; ++partition) {
    projections.scan(partition, table, prefix, {}, [&](std::string_view key, std::string_view) {
      found = key.substr(prefix.size());
      return false;
    });
  }
  return found;
}

Status ask(actors::Runtime& runtime, const Clock& clock, v1::Command command) {
  command.mutable_principal()->set_type(v1::Principal::SYSTEM);
  command.mutable_principal()->set_id("bootstrap");
  command.set_request_id(make_id("req"));
  command.set_time_ms(clock.now_ms());
  // Several nodes that start together may take a while to agree on who owns what.
  const std::int64_t give_up_at_ms = clock.now_ms() + kOwnerWaitMs;
  actors::Outcome outcome = actors::submit(runtime, command).get();
  while (!outcome && outcome.error().code == actors::RejectionCode::kNotOwner && clock.now_ms() < give_up_at_ms) {
    outcome = actors::submit(runtime, command).get();
  }
  if (outcome) return {};
  return fail(ErrorCode::kInternal, "the bootstrap was refused: " + outcome.error().detail, {}, "run it again");
}

Result<std::string> make_workspace(actors::Runtime& runtime, const Clock& clock, const std::string& name) {
  v1::Command command;
  command.set_workspace_id(make_id("ws", kWorkspaceIdLength));
  command.mutable_create_workspace()->set_workspace_id(command.workspace_id());
  command.mutable_create_workspace()->set_name(name);
  std::string id = command.workspace_id();
  if (Status made = ask(runtime, clock, std::move(command)); !made) return tl::unexpected(made.error());
  return id;
}

}  // namespace

Result<std::optional<Bootstrapped>> bootstrap(const projections::Projections& projections, actors::Runtime& runtime,
                                              const Clock& clock, const std::string& workspace_name) {
  if (first_id(projections, projections::Table::kRootKeys, kRootKeyRows)) return std::nullopt;
  auto workspace_id = first_id(projections, projections::Table::kWorkspaces, kWorkspaceRows);
  if (!workspace_id) {
    auto made = make_workspace(runtime, clock, workspace_name);
    if (!made) return tl::unexpected(made.error());
    workspace_id = *std::move(made);
  }
  api::RootKeySecret secret = api::make_root_key_secret();
  v1::Command command;
  command.set_workspace_id(*workspace_id);
  auto& root_key = *command.mutable_create_root_key();
  root_key.set_root_key_id(secret.id);
  root_key.set_name("bootstrap");
  root_key.set_hash(secret.hash.data(), secret.hash.size());
  root_key.set_start(secret.start);
  for (const char* permission : kAllPermissions) root_key.add_permissions(permission);
  if (Status made = ask(runtime, clock, std::move(command)); !made) return tl::unexpected(made.error());
  return Bootstrapped{*std::move(workspace_id), std::move(secret.secret)};
}

}  // namespace keyfold::ops
