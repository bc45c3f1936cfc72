#pragma once

#include <string>

#include "ops/cli/audit_commands.h"
#include "ops/cli/audit_proof_commands.h"
#include "ops/cli/command_line.h"

namespace keyfold::ops {

/// Declares `keyfold audit` and keeps what its commands are given.
class AuditArguments {
 public:
  /// The command line outlives it.
  explicit AuditArguments(CommandLine& line);
  AuditArguments(const AuditArguments&) = delete;
  AuditArguments& operator=(const AuditArguments&) = delete;

 private:
  void add_history(CLI::App& group);
  void add_export(CLI::App& group);
  void add_proofs(CLI::App& group);

  CommandLine& line_;
  AuditLogRequest log_;
  std::string resource_;
  std::string from_;
  std::string to_;
  std::string at_;
  std::string export_format_ = "jsonl";
  AuditQuery export_query_;
  AuditExportRequest export_;
  AuditVerifyRequest verify_;
};

}  // namespace keyfold::ops
