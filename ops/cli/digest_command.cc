#include "ops/cli/digest_command.h"

#include <algorithm>
#include <ostream>

#include "ops/cli/node_log.h"
#include "ops/cli/operator_client.h"
#include "ops/cli/progress.h"
#include "ops/cli/runtime_file.h"

namespace keyfold::ops {
namespace {

using Digests = std::vector<projections::StateDigest>;

bool reaches(const Digests& digests, const events::Log& log) {
  return !digests.empty() && std::all_of(digests.begin(), digests.end(), [&log](const auto& digest) {
    return digest.partition < log.partitions() && digest.next == log.tail(digest.partition).next;
  });
}

Result<Digests> digests_of_stopped(const v1::Config& config) {
  const auto log = open_read_log(config);
  if (!log) return tl::unexpected(log.error());
  auto digests = projections::digest_of_directory(paths_of(config).projections);
  if (digests && reaches(*digests, *log->log)) return digests;
  const auto caught_up = projections::Projections::open(paths_of(config).projections, *log->log, log_progress());
  if (!caught_up) return tl::unexpected(caught_up.error());
  if (Status flushed = (*caught_up)->flush(); !flushed) return tl::unexpected(flushed.error());
  return (*caught_up)->digest();
}

}  // namespace

Status print_digest(const v1::Config& config, std::ostream& out) {
  const auto server = find_server(paths_of(config));
  if (!server) return tl::unexpected(server.error());
  if (*server) {
    return OperatorClient((*server)->operator_address).digest().map([&out](const std::string& lines) {
      out << lines << std::flush;
    });
  }
  const auto digests = digests_of_stopped(config);
  if (!digests) return tl::unexpected(digests.error());
  for (const auto& digest : *digests) out << digest.to_string() << '\n';
  out.flush();
  return {};
}

}  // namespace keyfold::ops
