#include "gateway/http/connection_gate.h"

namespace keyfold::http {

bool ConnectionGate::enter(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (open_ >= connections_max_) return false;
  if (per_address_max_ == 0) return false;
  auto& of_address = by_address_[address];
  if (of_address >= per_address_max_) return false;
  ++of_address;
  ++open_;
  return true;
}

void ConnectionGate::leave(const std::string& address) {
  const std::lock_guard lock(mutex_);
  const auto found = by_address_.find(address);
  if (--found->second == 0) by_address_.erase(found);
  if (--open_ == 0) empty_.notify_all();
}

std::size_t ConnectionGate::open() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

void ConnectionGate::wait_until_empty(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  empty_.wait_until(lock, deadline, [this] { return open_ == 0; });
}

}  // namespace keyfold::http
