#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "ops/cli/node.h"

namespace keyfold::ops {

/// Destroys the data keys whose time has come and drops old usage, once a minute on a thread of its own, until it is
/// destroyed.
class Housekeeping {
 public:
  /// The node outlives this.
  Housekeeping(Node& node, std::int64_t usage_retention_ms);
  ~Housekeeping();
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;

 private:
  void run();
  void destroy_data_keys();
  void drop_usage();

  Node& node_;
  const std::int64_t usage_retention_ms_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace keyfold::ops
