#include "ops/cli/audit_arguments.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "ops/cli/digest_command.h"

namespace keyfold::ops {
namespace {

Colours colours() {
  const bool is_wanted = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return is_wanted ? Colours::kAnsi : Colours::kNone;
}

void add_query(CLI::App* sub, AuditQuery& query) {
  sub->add_option("--type", query.types, "An event type, e.g. KeyCreated or Key*; repeat for more")
      ->allow_extra_args(false);
  sub->add_option("--kind", query.kind, "Only events of such things, e.g. key");
  sub->add_option("--resource", query.resource, "Only events of this thing: key/key_..., or an id");
  sub->add_option("--principal", query.principal_id, "Only what this root key or user did");
  sub->add_option("--from", query.from, "From this time (2026-11-26T02:11:15Z, 2026-11-26) or position on");
  sub->add_option("--to", query.to, "Up to this time or position, not included");
}

Status export_history(const ClientOptions& client, const AuditQuery& query, ExportFormat format,
                      const std::string& file, std::ostream& out) {
  std::ostream* const progress = ::isatty(STDERR_FILENO) == 1 ? &std::cerr : nullptr;
  if (file.empty() || file == "-") return audit_export(client, query, format, out, progress);
  std::ofstream to(file, std::ios::binary | std::ios::trunc);
  if (!to) return fail(ErrorCode::kIo, "the file can't be written", file, "check the path and its permissions");
  return audit_export(client, query, format, to, progress);
}

}  // namespace

AuditArguments::AuditArguments(CommandLine& line) : line_(line) {
  CLI::App& group = line_.add_group("audit", "Who changed what, when and from where; and proofs of it");
  add_history(group);
  add_export(group);
  add_proofs(group);
}

void AuditArguments::add_history(CLI::App& group) {
  CLI::App* log = line_.add_client(group, "log", "Print the latest events of the workspace",
                                   [this] { return audit_log(line_.client(), log_, colours(), line_.out()); });
  add_query(log, log_.query);
  log->add_option("--limit", log_.limit, "How many")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  log->add_flag("--follow", log_.follow, "Go on with events as they come");
  CLI::App* why = line_.add_client(group, "why", "Print every change to one thing, with old and new values",
                                   [this] { return audit_why(line_.client(), resource_, colours(), line_.out()); });
  why->add_option("resource", resource_, "key/key_..., or an id")->required();
  CLI::App* diff = line_.add_client(group, "diff", "Print what changed between two moments",
                                    [this] { return audit_diff(line_.client(), from_, to_, colours(), line_.out()); });
  diff->add_option("--from", from_, "A time or position")->required();
  diff->add_option("--to", to_, "A later one (default: now)");
  CLI::App* state = line_.add_client(group, "state", "Print what a thing looked like then",
                                     [this] { return audit_state(line_.client(), resource_, at_, line_.out()); });
  state->add_option("resource", resource_, "key/key_..., or an id")->required();
  state->add_option("--as-of", at_, "A time or position, included")->required();
}

void AuditArguments::add_export(CLI::App& group) {
  CLI::App* sub = group.add_subcommand("export", "Write events: of a workspace from a server, or with proofs");
  const auto proofs = [this] {
    return line_.with_config(
        [this](const v1::Config& config) { return export_with_proofs(config, export_, line_.out()); });
  };
  const auto history = [this] {
    const auto format = export_format_ == "csv" ? ExportFormat::kCsv : ExportFormat::kJsonLines;
    return export_history(line_.client(), export_query_, format, export_.file, line_.out());
  };
  line_.choose(sub, [this, proofs, history]() -> CommandLine::Command {
    if (export_format_ == "proto") return proofs;
    line_.require_client();
    return history;
  });
  sub->add_option("--format", export_format_,
                  "jsonl or csv, from a server; proto, from a data directory or Kafka, with proofs")
      ->check(CLI::IsMember({"jsonl", "csv", "proto"}))
      ->capture_default_str();
  sub->add_option("--output", export_.file, "Where to write to (default: standard output)")->type_name("FILE");
  line_.add_client_options(sub);
  add_query(sub, export_query_);
  line_.add_data_options(sub);
  sub->add_option("--workspace", export_.workspace_id, "With proofs: only this workspace's events");
}

void AuditArguments::add_proofs(CLI::App& group) {
  CLI::App* logs = line_.add(group, "logs", "List the logs with their names, public keys and sizes", [this] {
    return line_.with_config(
        [this](const v1::Config& config) { return list_audit_logs(config, line_.client(), line_.out()); });
  });
  line_.add_data_options(logs);
  line_.add_client_options(logs);
  line_.add_json(logs);

  CLI::App* verify =
      line_.add(group, "verify", "Check a data directory, a log on Kafka, a served log or an export", [this] {
        verify_.output = line_.client().output;
        return line_.with_config(
            [this](const v1::Config& config) { return verify_audit_logs(config, verify_, line_.out()); });
      });
  line_.add_data_options(verify);
  auto* url = verify->add_option("--url", verify_.url, "A served log, e.g. http://localhost:8080/audit/0");
  verify->add_option("--export", verify_.export_file, "An export with proofs")->type_name("FILE")->excludes(url);
  verify->add_option("--key", verify_.keys, "A verifier key, as `audit logs` shows it; repeat for more")
      ->allow_extra_args(false);
  verify->add_option("--root-key", verify_.root_key, "Reads a served log's entries, too")->needs(url);
  verify
      ->add_option("--since", verify_.since_file,
                   "Older checkpoints that must be continued; the new ones replace them when all is well")
      ->type_name("FILE");
  line_.add_json(verify);

  CLI::App* prove =
      line_.add(group, "prove-projections", "Fold the log anew and compare the read models with that", [this] {
        return line_.with_config(
            [this](const v1::Config& config) { return prove_projections(config, line_.client().output, line_.out()); });
      });
  line_.add_data_options(prove);
  line_.add_json(prove);
}

}  // namespace keyfold::ops
