#include "ops/cli/audit_proof_commands.h"

#include <fstream>
#include <ostream>

#include "ops/cli/api_client.h"
#include "ops/cli/audit_sources.h"
#include "ops/cli/node_log.h"
#include "ops/cli/operator_client.h"
#include "ops/cli/progress.h"
#include "ops/cli/runtime_file.h"
#include "ops/cli/settings.h"
#include "ops/cli/text_table.h"
#include "ops/replay/audit_export.h"
#include "schemas/base/encoding.h"

namespace keyfold::ops {
namespace {

using Json = nlohmann::ordered_json;

/// As the commands print it, out of what a server answered.
Json listed(const Json& logs, const std::string& server) {
  Json list = Json::array();
  for (const Json& log : logs) {
    list.push_back({{"name", log.value("name", "")},
                    {"origin", log.value("origin", "")},
                    {"url", server + log.value("path", "")},
                    {"verifier_key", log.value("verifierKey", "")},
                    {"size", log.value("size", std::uint64_t{0})}});
  }
  return list;
}

Result<Json> list_stored(const v1::Config& config) {
  const auto store = open_erasable(config);
  if (!store) return tl::unexpected(store.error());
  const auto published = read_published(config, **store);
  if (!published) return tl::unexpected(published.error());
  Json list = Json::array();
  for (const Published& log : *published) {
    list.push_back({{"name", actors::name_of_tree(log.tree)},
                    {"origin", log.head.origin},
                    {"url", nullptr},
                    {"verifier_key", log.verifier.to_string()},
                    {"size", log.head.size}});
  }
  return list;
}

Result<Json> list_logs(const v1::Config& config, const ClientOptions& client) {
  if (!client.server.empty()) {
    return ApiClient(client.server, client.root_key)
        .call("audit.listLogs", nlohmann::json::object())
        .map([&](const Json& logs) { return listed(logs, client.server); });
  }
  const auto server = find_server(paths_of(config));
  if (!server) return tl::unexpected(server.error());
  if (!*server) return list_stored(config);
  return OperatorClient((*server)->operator_address).audit_logs().map([&](const Json& answer) {
    return listed(answer.value("logs", Json::array()), (*server)->address);
  });
}

// ---- the report of a check

Json to_json(const CheckedLog& log) {
  Json problems = Json::array();
  for (const Finding& finding : log.findings) {
    Json problem{{"partition", finding.log}, {"sequence", nullptr}, {"problem", finding.what}};
    if (finding.place) problem["sequence"] = *finding.place;
    problems.push_back(std::move(problem));
  }
  return {{"log", log.name},
          {"size", log.size},
          {"signed_size", log.signed_size},
          {"root", to_hex(as_view(log.root))},
          {"problems", std::move(problems)}};
}

Status report(const std::vector<CheckedLog>& logs, std::vector<std::string> notes, Output output, std::ostream& out) {
  std::size_t findings = 0;
  for (const CheckedLog& log : logs) findings += log.findings.size();
  if (output == Output::kJson) {
    Json list = Json::array();
    for (const CheckedLog& log : logs) list.push_back(to_json(log));
    out << Json{{"ok", findings == 0}, {"logs", std::move(list)}, {"notes", std::move(notes)}}.dump(2) << '\n';
  } else {
    for (const CheckedLog& log : logs) {
      out << (log.findings.empty() ? "ok      " : "DAMAGED ") << log.name << ": " << log.size << " leaves, "
          << log.signed_size << " of them signed for\n";
      for (const Finding& finding : log.findings) out << "  " << to_string(finding) << '\n';
    }
    for (const std::string& note : notes) out << "note: " << note << '\n';
  }
  out.flush();
  if (findings == 0) return {};
  return fail(ErrorCode::kDataLoss, "the log is not what it should be: " + std::to_string(findings) + " problems", {},
              "keep the evidence; restore from a backup or a replica that verifies");
}

// ---- a data directory, or Kafka

/// Checks the records as they lie there, against what was published and what the audit store saw.
Status verify_stored(const v1::Config& config, const AuditVerifyRequest& request,
                     const std::vector<events::NoteVerifier>& keys, std::ostream& out) {
  const auto store = open_erasable(config);
  if (!store) return tl::unexpected(store.error());
  std::vector<std::string> notes;
  auto signed_heads = read_signed_heads(config, **store, keys);
  if (!signed_heads) return tl::unexpected(signed_heads.error());
  const auto since = read_since(request.since_file, signed_heads->verifiers);
  if (!since) return tl::unexpected(since.error());
  for (const auto& [tree, head] : *since) signed_heads->heads[tree].push_back(head);
  if (signed_heads->heads.empty()) notes.emplace_back("nothing was signed yet: only the chain was checked");
  const auto tiles = projections::AuditTiles::open(paths_of(config).audit);
  if (!tiles) notes.push_back("the audit store can't be read, so changes may not be located: " + tiles.error().what);
  auto checked = check_records(config, signed_heads->heads, tiles ? tiles->get() : nullptr);
  if (!checked) return tl::unexpected(checked.error());
  for (const Finding& finding : signed_heads->findings) {
    for (CheckedLog& log : *checked) {
      if (log.name == finding.log) log.findings.push_back(finding);
    }
  }
  const Status reported = report(*checked, std::move(notes), request.output, out);
  if (!reported || request.since_file.empty()) return reported;
  return write_since(request.since_file, signed_heads->checkpoints);
}

// ---- a served log

Status verify_live(const AuditVerifyRequest& request, const std::vector<events::NoteVerifier>& keys,
                   std::ostream& out) {
  if (keys.size() != 1) {
    return fail(ErrorCode::kInvalidArgument, "a served log is checked with its verifier key alone", "--key",
                "take it from `keyfold audit logs`, by a way that the server does not control");
  }
  LiveRequest live{http_source(request.url, request.root_key), keys.front(), std::nullopt};
  live.entries = request.root_key.empty() ? LiveRequest::Entries::kSkip : LiveRequest::Entries::kRead;
  const auto since = read_since(request.since_file, keys);
  if (!since) return tl::unexpected(since.error());
  for (const auto& [tree, head] : *since) live.since = head;
  const auto checked = check_live_log(live);
  if (!checked) return tl::unexpected(checked.error());
  std::vector<std::string> notes;
  if (request.root_key.empty()) notes.emplace_back("the entries were not read: that needs --root-key");
  const Status reported = report({checked->log}, std::move(notes), request.output, out);
  if (!reported || request.since_file.empty()) return reported;
  return write_since(request.since_file, {checked->checkpoint});
}

// ---- an export

Status verify_export(const AuditVerifyRequest& request, const std::vector<events::NoteVerifier>& keys,
                     std::ostream& out) {
  std::ifstream in(request.export_file, std::ios::binary);
  if (!in) return fail(ErrorCode::kNotFound, "the export can't be read", request.export_file);
  const auto checked = check_export(in, keys);
  if (!checked) return tl::unexpected(checked.error());
  std::vector<CheckedLog> logs;
  std::vector<std::string> notes;
  for (const CheckedExport& part : *checked) {
    logs.push_back({part.origin.substr(part.origin.rfind('/') + 1), part.events, {}, part.signed_size, part.findings});
    if (part.workspace_id.empty()) continue;
    notes.push_back("each event of " + part.workspace_id +
                    " is proven; that none was left out is proven by an export of all events only");
  }
  return report(logs, std::move(notes), request.output, out);
}

}  // namespace

Json audit_logs_json(const actors::AuditLogs& logs) {
  Json list = Json::array();
  for (const projections::TreeId tree : logs.trees()) {
    list.push_back({{"name", actors::name_of_tree(tree)},
                    {"origin", logs.verifier(tree).name},
                    {"path", "/audit/" + actors::name_of_tree(tree)},
                    {"verifierKey", logs.verifier(tree).to_string()},
                    {"size", logs.head(tree)->size}});
  }
  return {{"logs", std::move(list)}};
}

Status list_audit_logs(const v1::Config& config, const ClientOptions& client, std::ostream& out) {
  const auto list = list_logs(config, client);
  if (!list) return tl::unexpected(list.error());
  if (client.output == Output::kJson) {
    out << list->dump(2) << '\n';
  } else {
    out << text_table(
        *list,
        {{"LOG", "name"}, {"ORIGIN", "origin"}, {"SIZE", "size"}, {"URL", "url"}, {"VERIFIER KEY", "verifier_key"}});
  }
  out.flush();
  return {};
}

Status verify_audit_logs(const v1::Config& config, const AuditVerifyRequest& request, std::ostream& out) {
  std::vector<events::NoteVerifier> keys;
  for (const std::string& text : request.keys) {
    auto key = events::NoteVerifier::parse(text);
    if (!key) return tl::unexpected(key.error());
    keys.push_back(*std::move(key));
  }
  if (!request.url.empty()) return verify_live(request, keys, out);
  if (!request.export_file.empty()) return verify_export(request, keys, out);
  return verify_stored(config, request, keys, out);
}

Status export_with_proofs(const v1::Config& config, const AuditExportRequest& request, std::ostream& out) {
  const auto log = open_read_log(config);
  if (!log) return tl::unexpected(log.error());
  const auto store = open_erasable(config);
  if (!store) return tl::unexpected(store.error());
  const auto published = read_published(config, **store);
  if (!published) return tl::unexpected(published.error());
  ExportRequest wanted{request.workspace_id, std::vector<std::string>(log->log->partitions())};
  for (const Published& published_log : *published) {
    if (published_log.tree < wanted.checkpoints.size())
      wanted.checkpoints[published_log.tree] = published_log.checkpoint;
  }
  std::ofstream file;
  const bool is_file = !request.file.empty() && request.file != "-";
  if (is_file) file.open(request.file, std::ios::binary | std::ios::trunc);
  if (is_file && !file) return fail(ErrorCode::kIo, "the export can't be written", request.file);
  const auto count = write_export(*log->log, wanted, log_progress(), is_file ? file : out);
  if (!count) return tl::unexpected(count.error());
  if (is_file) out << "exported " << *count << " events to " << request.file << std::endl;
  return {};
}

}  // namespace keyfold::ops
