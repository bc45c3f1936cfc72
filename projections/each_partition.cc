#include "projections/each_partition.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace keyfold::projections {

Status for_each_partition(std::uint32_t partitions, const std::function<Status(events::PartitionId)>& work) {
  std::vector<Status> results(partitions);
  std::atomic<std::uint32_t> taken = 0;
  std::atomic<bool> failed = false;
  const auto run = [&] {
    for (std::uint32_t partition = taken++; partition < partitions && !failed; partition = taken++) {
      results[partition] = work(partition);
      if (!results[partition]) failed = true;
    }
  };
  {
    std::vector<std::jthread> helpers;
    const std::uint32_t threads = std::min(partitions, std::max(1u, std::thread::hardware_concurrency()));
    for (std::uint32_t i = 1; i < threads; ++i) helpers.emplace_back(run);
    run();
  }
  const auto first = std::find_if(results.begin(), results.end(), [](const Status& result) { return !result; });
  return first == results.end() ? Status() : *first;
}

}  // namespace keyfold::projections
