#include "gateway/subscriptions/deadline.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace keyfold::subscriptions {

Deadline::~Deadline() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (socket_ >= 0) ::close(socket_);
}

void Deadline::watch(int socket) {
  const std::lock_guard lock(mutex_);
  if (socket_ >= 0) ::close(socket_);
  socket_ = ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (!thread_.joinable()) thread_ = std::jthread([this] { run(); });
}

void Deadline::run() {
  std::unique_lock lock(mutex_);
  const bool is_over = changed_.wait_until(lock, stop_, end_, [this] { return is_over_; });
  if (!is_over && socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

}  // namespace keyfold::subscriptions
