#include "ops/cli/digest_command.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "events/log_prefix.h"
#include "ops/cli/node_log.h"
#include "ops/cli/operator_client.h"
#include "ops/cli/progress.h"
#include "ops/cli/runtime_file.h"
#include "ops/cli/scratch_directory.h"
#include "ops/replay/replay.h"

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

Result<std::vector<std::string>> live_lines(const v1::Config& config) {
  const auto server = find_server(paths_of(config));
  if (!server) return tl::unexpected(server.error());
  std::vector<std::string> lines;
  if (*server) {
    const auto text = OperatorClient((*server)->operator_address).digest();
    if (!text) return tl::unexpected(text.error());
    std::istringstream from(*text);
    for (std::string line; std::getline(from, line);) lines.push_back(line);
    return lines;
  }
  const auto digests = projections::digest_of_directory(paths_of(config).projections);
  if (!digests) return tl::unexpected(digests.error());
  for (const auto& digest : *digests) lines.push_back(digest.to_string());
  return lines;
}

/// The number that follows the name in a digest line.
std::uint64_t number_in(const std::string& line, const std::string& name) {
  const auto at = line.find(name);
  return at == std::string::npos ? 0 : std::strtoull(line.c_str() + at + name.size(), nullptr, 10);
}

/// What a fresh replay gives, of as many events as the lines say.
Result<std::vector<std::string>> replayed_lines(const v1::Config& config, const std::vector<std::string>& live) {
  const auto log = open_read_log(config);
  if (!log) return tl::unexpected(log.error());
  std::vector<events::Sequence> ends(log->log->partitions());
  for (const std::string& line : live) {
    const auto partition = number_in(line, " partition=");
    if (partition < ends.size()) ends[partition] = std::max(ends[partition], number_in(line, " next="));
  }
  const auto prefix = events::LogPrefix::open(*log->log, ends);
  if (!prefix) return tl::unexpected(prefix.error());
  const auto scratch = make_scratch_directory();
  if (!scratch) return tl::unexpected(scratch.error());
  const auto digests = replay(**prefix, **scratch, log_progress());
  if (!digests) return tl::unexpected(digests.error());
  std::vector<std::string> lines;
  for (const auto& digest : *digests) lines.push_back(digest.to_string());
  return lines;
}

}  // namespace

Status prove_projections(const v1::Config& config, Output output, std::ostream& out) {
  const auto live = live_lines(config);
  if (!live) return tl::unexpected(live.error());
  const auto replayed = replayed_lines(config, *live);
  if (!replayed) return tl::unexpected(replayed.error());
  std::size_t differing = 0;
  for (std::size_t i = 0; i < std::max(live->size(), replayed->size()); ++i) {
    const std::string here = i < live->size() ? (*live)[i] : "nothing";
    const std::string there = i < replayed->size() ? (*replayed)[i] : "nothing";
    if (here == there) continue;
    ++differing;
    if (output == Output::kText) out << "differs: live     " << here << "\n         replayed " << there << '\n';
  }
  if (output == Output::kJson) {
    out << nlohmann::ordered_json{{"equal", differing == 0}, {"live", *live}, {"replayed", *replayed}}.dump() << '\n';
  } else {
    out << live->size() - differing << " of " << live->size() << " digests are equal\n";
  }
  out.flush();
  if (differing == 0) return {};
  return fail(
      ErrorCode::kDataLoss, "the read models are not what the log says", paths_of(config).projections,
      "with keyfold stopped, delete them and they are rebuilt at the next start; then find out who changed them");
}

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
