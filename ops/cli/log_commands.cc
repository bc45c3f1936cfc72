#include "ops/cli/log_commands.h"

#include <chrono>
#include <functional>
#include <ostream>
#include <thread>

#include "ops/cli/node_log.h"
#include "ops/cli/operator_client.h"
#include "ops/cli/runtime_file.h"
#include "schemas/base/encoding.h"

namespace keyfold::ops {
namespace {

constexpr std::size_t kPageEvents = 500;
constexpr std::chrono::milliseconds kPollInterval{200};

/// Where events come from: a partition's page from a sequence on.
using EventSource = std::function<Result<EventPage>(events::PartitionId, events::Sequence)>;

/// Prints what there is of one partition and moves `at` behind it.
Status print_partition(const EventSource& source, events::PartitionId partition, events::Sequence& at,
                       std::ostream& out) {
  while (true) {
    const auto page = source(partition, at);
    if (!page) return tl::unexpected(page.error());
    if (page->next <= at) return {};
    at = page->next;
    if (!(out << page->lines << std::flush)) return fail(ErrorCode::kIo, "the output was closed");
  }
}

Status print_events(const EventSource& source, std::uint32_t partitions, const TailRequest& request,
                    std::ostream& out) {
  if (request.partition && *request.partition >= partitions) {
    return fail(ErrorCode::kInvalidArgument, "the log has no partition " + std::to_string(*request.partition), {},
                "partitions are 0 to " + std::to_string(partitions - 1));
  }
  const events::PartitionId first = request.partition.value_or(0);
  const events::PartitionId end = request.partition ? first + 1 : partitions;
  std::vector<events::Sequence> at(end, request.from);
  while (true) {
    for (events::PartitionId partition = first; partition < end; ++partition) {
      if (Status printed = print_partition(source, partition, at[partition], out); !printed) return printed;
    }
    if (request.after == TailRequest::After::kEnd) return {};
    std::this_thread::sleep_for(kPollInterval);
  }
}

Status tail_server(const RuntimeInfo& server, const TailRequest& request, std::ostream& out) {
  const OperatorClient client(server.operator_address);
  const auto partitions = client.partitions();
  if (!partitions) return tl::unexpected(partitions.error());
  const auto source = [&client](events::PartitionId partition, events::Sequence from) {
    return client.events(partition, from, kPageEvents);
  };
  return print_events(source, *partitions, request, out);
}

}  // namespace

Status tail_events(const v1::Config& config, const TailRequest& request, std::ostream& out) {
  const auto server = find_server(paths_of(config));
  if (!server) return tl::unexpected(server.error());
  if (*server) return tail_server(**server, request, out);
  if (request.after == TailRequest::After::kFollow) {
    return fail(ErrorCode::kFailedPrecondition, "no server runs on this data directory, so nothing can follow",
                paths_of(config).data, "start it, or leave --follow out");
  }
  const auto log = open_read_log(config);
  if (!log) return tl::unexpected(log.error());
  const auto source = [&log](events::PartitionId partition, events::Sequence from) {
    return read_event_page(*log->log, partition, from, kPageEvents);
  };
  return print_events(source, log->log->partitions(), request, out);
}

Status verify_log(const v1::Config& config, std::ostream& out) {
  const auto log = open_read_log(config);
  if (!log) return tl::unexpected(log.error());
  if (Status verified = log->verify_all(); !verified) return verified;
  for (events::PartitionId partition = 0; partition < log->log->partitions(); ++partition) {
    const events::ChainState tail = log->log->tail(partition);
    out << "partition " << partition << ": " << tail.next << " events, head " << to_hex(as_view(tail.last_hash))
        << '\n';
  }
  out << "log verified" << std::endl;
  return {};
}

}  // namespace keyfold::ops
