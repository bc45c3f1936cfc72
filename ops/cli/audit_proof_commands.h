#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "actors/audit/audit_logs.h"
#include "keyfold/v1/config.pb.h"
#include "ops/cli/client_commands.h"

// Commands of auditors: what the logs are, whether they are what was signed, and exports that prove it.
namespace keyfold::ops {

/// {"logs":[{"name","origin","path","verifierKey","size"}, …]}, for the operator's listener.
[[nodiscard]] nlohmann::ordered_json audit_logs_json(const actors::AuditLogs& logs);

/// Lists the logs with their verifier keys: those of `client.server` (as the holder of its root key), else of the
/// server that runs on the data directory, else of the directory. As JSON: an array of objects with name, origin, url
/// (null without a server), verifier_key and size.
[[nodiscard]] Status list_audit_logs(const v1::Config& config, const ClientOptions& client, std::ostream& out);

struct AuditVerifyRequest {
  std::string url;                // of a log that is served, e.g. http://host:8080/audit/0: needs its key
  std::string export_file;        // or an export with proofs: needs keys; neither: the data directory or Kafka
  std::vector<std::string> keys;  // verifier keys; without any, the data directory's own
  std::string root_key;           // reads the entries of a served log, too
  std::string since_file;         // older checkpoints; the new ones take their place when all is well
  Output output = Output::kText;
};
/// Prints what was checked and everything that is wrong; fails (kDataLoss) when anything is.
[[nodiscard]] Status verify_audit_logs(const v1::Config& config, const AuditVerifyRequest& request, std::ostream& out);

struct AuditExportRequest {
  std::string workspace_id;  // empty: all events
  std::string file;          // empty or "-": to `out`
};
/// Writes the events that were signed for, with proofs, whether a server runs or not.
[[nodiscard]] Status export_with_proofs(const v1::Config& config, const AuditExportRequest& request, std::ostream& out);

}  // namespace keyfold::ops
