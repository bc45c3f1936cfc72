#include "ops/cli/usage_commands.h"

#include <chrono>
#include <functional>
#include <ostream>
#include <thread>

#include "ops/cli/node.h"
#include "ops/cli/operator_client.h"
#include "ops/cli/runtime_file.h"

namespace keyfold::ops {
namespace {

constexpr std::size_t kPageBatches = 500;
constexpr std::chrono::milliseconds kPollInterval{200};

/// Where usage comes from: a page from a sequence on.
using UsageSource = std::function<Result<UsagePage>(events::Sequence)>;

Status print_usage(const UsageSource& source, const UsageTailRequest& request, std::ostream& out) {
  events::Sequence at = request.from;
  while (true) {
    const auto page = source(at);
    if (!page) return tl::unexpected(page.error());
    if (page->next > at) {
      at = page->next;
      if (!(out << page->lines << std::flush)) return fail(ErrorCode::kIo, "the output was closed");
      continue;
    }
    if (request.after == UsageTailRequest::After::kEnd) return {};
    std::this_thread::sleep_for(kPollInterval);
  }
}

}  // namespace

Status tail_usage(const v1::Config& config, const UsageTailRequest& request, std::ostream& out) {
  const auto server = find_server(paths_of(config));
  if (!server) return tl::unexpected(server.error());
  if (*server) {
    const OperatorClient client((*server)->operator_address);
    return print_usage([&client](events::Sequence from) { return client.usage(from, kPageBatches); }, request, out);
  }
  if (request.after == UsageTailRequest::After::kFollow) {
    return fail(ErrorCode::kFailedPrecondition, "no server runs on this data directory, so nothing can follow",
                paths_of(config).data, "start it, or leave --follow out");
  }
  const auto log = open_usage_log_read_only(config);
  if (!log) return tl::unexpected(log.error());
  return print_usage([&log](events::Sequence from) { return read_usage_page(**log, from, kPageBatches); }, request,
                     out);
}

}  // namespace keyfold::ops
