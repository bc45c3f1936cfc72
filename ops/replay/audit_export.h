#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "events/log.h"
#include "events/signed_note.h"
#include "ops/replay/logs_check.h"
#include "projections/projections.h"

// Exports with proofs: what schemas/keyfold/v1/audit_export.proto describes.
namespace keyfold::ops {

struct ExportRequest {
  std::string workspace_id;  // empty: all events
  /// By partition, the checkpoint that the proofs lead to.
  std::vector<std::string> checkpoints;
};

/// Writes the events that the checkpoints cover; returns how many. kDataLoss when the log is not what was signed.
[[nodiscard]] Result<std::uint64_t> write_export(const events::Log& log, const ExportRequest& request,
                                                 const projections::ProgressSink& progress, std::ostream& out);

/// What came out for one partition of an export.
struct CheckedExport {
  std::string origin;
  std::string workspace_id;  // empty: all events
  std::uint64_t events = 0;
  std::uint64_t signed_size = 0;
  std::vector<Finding> findings;
};

/// Checks an export with nothing but public keys: signatures, that each event is in the signed tree and unchanged, and,
/// when all events are there, that none is missing. kInvalidArgument when the file is no export.
[[nodiscard]] Result<std::vector<CheckedExport>> check_export(std::istream& in,
                                                              const std::vector<events::NoteVerifier>& verifiers);

}  // namespace keyfold::ops
