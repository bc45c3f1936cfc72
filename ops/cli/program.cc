#include "ops/cli/program.h"

#include <limits>
#include <ostream>

#include "ops/cli/audit_arguments.h"
#include "ops/cli/client_commands.h"
#include "ops/cli/cluster.h"
#include "ops/cli/command_line.h"
#include "ops/cli/digest_command.h"
#include "ops/cli/log_commands.h"
#include "ops/cli/node_log.h"
#include "ops/cli/progress.h"
#include "ops/cli/serve.h"
#include "ops/cli/usage_commands.h"
#include "ops/cli/vault_commands.h"
#include "ops/replay/replay.h"

namespace keyfold::ops {
namespace {

constexpr int kFailed = 1;
constexpr int kWrongArguments = 2;

/// The arguments of every command.
class Program : private CommandLine {
 public:
  explicit Program(std::ostream& to) : CommandLine(to) {
    add_serve();
    add_bootstrap();
    add_log_commands();
    add_usage_commands();
    add_cluster_commands();
    add_projection_commands();
    add_vault_commands();
    add_workspace_commands();
    add_root_key_commands();
    add(app(), "version", "Print the version", [this] {
      out() << "keyfold " KEYFOLD_VERSION << std::endl;
      return Status();
    });
  }

  using CommandLine::app;
  using CommandLine::run;

 private:
  void add_serve() {
    CLI::App* sub = add(app(), "serve", "Serve the REST API until SIGINT or SIGTERM", [this] {
      return with_config([this](v1::Config config) {
        if (!address_.empty()) config.mutable_server()->set_address(address_);
        if (port_) config.mutable_server()->set_port(*port_);
        if (threads_) config.mutable_server()->set_threads(*threads_);
        if (operator_port_) config.mutable_operator_()->set_port(*operator_port_);
        return serve(config, bootstrap_ ? FirstStart::kBootstrap : FirstStart::kNothing, out());
      });
    });
    add_data_options(sub);
    sub->add_option("--address", address_, "Address of the API's listener");
    sub->add_option("--port", port_, "Port of the API's listener; 0: any free one")->check(CLI::Range(0, 65535));
    sub->add_option("--threads", threads_, "I/O threads of the API's listener")->check(CLI::Range(1, 256));
    sub->add_option("--operator-port", operator_port_, "Port of the operator's listener; 0: any free one")
        ->check(CLI::Range(0, 65535));
    sub->add_flag("--bootstrap", bootstrap_, "Make the first workspace and root key if there is none");
  }

  void add_bootstrap() {
    CLI::App* sub = add(app(), "bootstrap", "Make the first workspace and root key; safe to repeat", [this] {
      return with_config([this](const v1::Config& config) { return bootstrap_directory(config, name_, out()); });
    });
    add_data_options(sub);
    sub->add_option("--workspace", name_, "The workspace's name")->default_val(kFirstWorkspaceName);
  }

  void add_log_commands() {
    CLI::App& events = add_group("events", "Read the events");
    CLI::App* tail = add(events, "tail", "Print events as JSON, one a line, partition by partition", [this] {
      return with_config([this](const v1::Config& config) { return tail_events(config, tail_, out()); });
    });
    add_data_options(tail);
    tail->add_option("--from", tail_.from, "The first sequence to print, of each partition")
        ->required()
        ->check(CLI::NonNegativeNumber);
    tail->add_option("--partition", tail_.partition, "Only this partition")->check(CLI::NonNegativeNumber);
    tail->add_flag_callback(
        "--follow", [this] { tail_.after = TailRequest::After::kFollow; }, "Go on with events as they come");

    CLI::App& log = add_group("log", "Look after the log");
    add_data_options(add(log, "verify", "Check every record's checksum, hash and place in the chain", [this] {
      return with_config([this](const v1::Config& config) { return verify_log(config, out()); });
    }));
    add_log_copy(log);
  }

  void add_log_copy(CLI::App& log) {
    CLI::App* copy =
        add(log, "copy", "Copy events and the vault's data keys, to Kafka or back, and verify them", [this] {
          return with_config([this](const v1::Config& config) { return copy_log_between(config, from_, to_, out()); });
        });
    add_data_options(copy);
    copy->add_option("--from", from_, "A data directory on which no server runs, or kafka://host:9092")->required();
    copy->add_option("--to", to_, "A missing or empty data directory, or kafka://host:9092")->required();
  }

  void add_cluster_commands() {
    CLI::App& cluster = add_group("cluster", "Look at several nodes on one log");
    CLI::App* status = add(cluster, "status", "Print nodes, partitions, their owners and this node's lag", [this] {
      return with_config(
          [this](const v1::Config& config) { return print_cluster_status(config, client().output, out()); });
    });
    add_data_options(status);
    add_json(status);
  }

  void add_usage_commands() {
    CLI::App& usage = add_group("usage", "Read the usage stream");
    CLI::App* tail = add(usage, "tail", "Print verifications and rate-limit decisions as JSON, one a line", [this] {
      return with_config([this](const v1::Config& config) { return tail_usage(config, usage_tail_, out()); });
    });
    add_data_options(tail);
    tail->add_option("--from", usage_tail_.from, "The first batch to print (default: the oldest that is kept)")
        ->check(CLI::NonNegativeNumber);
    tail->add_flag_callback(
        "--follow", [this] { usage_tail_.after = UsageTailRequest::After::kFollow; }, "Go on with usage as it comes");
  }

  void add_projection_commands() {
    add_data_options(add(app(), "digest", "Print digests of the read models", [this] {
      return with_config([this](const v1::Config& config) { return print_digest(config, out()); });
    }));
    CLI::App* sub = add(app(), "replay", "Rebuild the read models from the log and print their digests", [this] {
      return with_config([this](const v1::Config& config) { return replay_log(config); });
    });
    add_data_options(sub);
    sub->add_option("--into", into_, "A missing or empty directory")->required()->type_name("DIR");
  }

  Status replay_log(const v1::Config& config) {
    const auto log = open_read_log(config);
    if (!log) return tl::unexpected(log.error());
    const auto digests = replay(*log->log, into_, log_progress());
    if (!digests) return tl::unexpected(digests.error());
    for (const auto& digest : *digests) out() << digest.to_string() << '\n';
    out().flush();
    return {};
  }

  void add_vault_commands() {
    CLI::App& group = add_group("vault", "Rotate the keys of a running server's vault");
    add_data_options(add(group, "status", "Print the master keys and what rotations have left to do", [this] {
      return with_config([this](const v1::Config& config) { return vault_status(config, out()); });
    }));
    add_data_options(add(group, "rotate", "Do both: rotate-master, then rotate-data for all rings", [this] {
      return with_config([this](const v1::Config& config) {
        const Status rotated = rotate_master(config, out());
        return rotated ? rotate_data(config, {}, out()) : rotated;
      });
    }));
    add_data_options(
        add(group, "rotate-master", "Wrap every data key by the current master key; safe to repeat",
            [this] { return with_config([this](const v1::Config& config) { return rotate_master(config, out()); }); }));
    CLI::App* data = add(group, "rotate-data", "Make new data keys and seal anew what the old ones sealed", [this] {
      return with_config([this](const v1::Config& config) { return rotate_data(config, ring_, out()); });
    });
    add_data_options(data);
    data->add_option("--ring", ring_, "Only this ring: a workspace's id (default: all)");
  }

  /// A group of options of which one is required at least: --enable or --disable, and what the caller adds.
  static CLI::Option_group* add_changes(CLI::App& sub, std::optional<bool>& enabled) {
    CLI::Option_group* changes = sub.add_option_group("Changes");
    changes->require_option(1, 0);
    auto* enable = changes->add_flag_callback(
        "--enable", [&enabled] { enabled = true; }, "Take its requests again");
    changes
        ->add_flag_callback(
            "--disable", [&enabled] { enabled = false; }, "Refuse its requests")
        ->excludes(enable);
    return changes;
  }

  void add_workspace_commands() {
    CLI::App& group = add_group("workspace", "Workspaces of a server");
    add_client(group, "create", "Make a workspace", [this] { return create_workspace(client(), name_, out()); })
        ->add_option("--name", name_, "The workspace's name")
        ->required();
    add_client(group, "list", "List all workspaces", [this] { return list_workspaces(client(), out()); });
    CLI::App* update = add_client(group, "update", "Disable, enable or limit a workspace, at once",
                                  [this] { return update_workspace(client(), workspace_changes_, out()); });
    update->add_option("id", workspace_changes_.workspace_id, "The workspace's id, ws_...")->required();
    auto* changes = add_changes(*update, workspace_changes_.enabled);
    changes
        ->add_option("--requests-per-minute", workspace_changes_.requests_per_minute,
                     "What its requests may come to; 0: none, unlimited: no limit")
        ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()) | CLI::IsMember({kUnlimited}));
  }

  void add_root_key_commands() {
    CLI::App& group = add_group("root-key", "Root keys of a server");
    CLI::App* create =
        add_client(group, "create", "Make a root key", [this] { return create_root_key(client(), wanted_, out()); });
    create->add_option("--name", wanted_.name, "The root key's name")->required();
    create->add_option("--permission", wanted_.permissions, "A permission, e.g. api.*.create_key; repeat for more")
        ->allow_extra_args(false);
    CLI::App* list = add_client(group, "list", "List the live root keys",
                                [this] { return list_root_keys(client(), wanted_.workspace_id, out()); });
    CLI::App* update = add_client(group, "update", "Rename, disable or enable a root key, at once", [this] {
      root_key_changes_.workspace_id = wanted_.workspace_id;
      return update_root_key(client(), root_key_changes_, out());
    });
    update->add_option("id", root_key_changes_.root_key_id, "The root key's id, rk_...")->required();
    add_changes(*update, root_key_changes_.enabled)
        ->add_option("--name", root_key_changes_.name, "The root key's new name");
    CLI::App* revoke = add_client(group, "revoke", "Revoke a root key, at once", [this] {
      return revoke_root_key(client(), root_key_id_, wanted_.workspace_id, out());
    });
    revoke->add_option("id", root_key_id_, "The root key's id, rk_...")->required();
    for (CLI::App* sub : {create, list, update, revoke}) {
      sub->add_option("--workspace", wanted_.workspace_id, "A workspace's id (default: the root key's own)");
    }
  }

  std::string address_;
  std::optional<int> port_;
  std::optional<int> threads_;
  std::optional<int> operator_port_;
  bool bootstrap_ = false;
  TailRequest tail_;
  UsageTailRequest usage_tail_;
  std::string into_;
  std::string from_;
  std::string to_;
  std::string name_;
  NewRootKey wanted_;
  WorkspaceChanges workspace_changes_;
  RootKeyChanges root_key_changes_;
  std::string root_key_id_;
  std::string ring_;
  AuditArguments audit_{*this};
};

}  // namespace

int run_program(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  Program program(out);
  try {
    program.app().parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.app().exit(error, out, err) == 0 ? 0 : kWrongArguments;
  }
  const Status done = program.run();
  if (done) return 0;
  err << "keyfold: " << done.error().to_string() << std::endl;
  return kFailed;
}

}  // namespace keyfold::ops
