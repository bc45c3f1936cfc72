#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "actors/vault/vault.h"

namespace keyfold::ops {

/// Destroys the data keys whose time has come, once a minute on a thread of its own, until it is destroyed.
class Housekeeping {
 public:
  /// The vault outlives this.
  explicit Housekeeping(actors::Vault& vault);
  ~Housekeeping();
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;

 private:
  void run();

  actors::Vault& vault_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace keyfold::ops
