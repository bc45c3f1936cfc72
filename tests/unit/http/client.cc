#include "tests/unit/http/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace keyfold::http {

Client::Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval patience{.tv_sec = 20};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(std::exchange(fd_, -1));
  }
}

Client::Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

bool Client::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Client::end() const { ::shutdown(fd_, SHUT_WR); }

bool Client::receive() {
  std::array<char, 64UL * 1024> buffer;
  const auto size = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (size <= 0) return false;
  received_.append(buffer.data(), static_cast<std::size_t>(size));
  return true;
}

std::string Client::read_through(std::string_view text) {
  auto begin = received_.find(text);
  while (begin == std::string::npos) {
    const auto looked_at = received_.size();
    if (!receive()) return {};
    begin = received_.find(text, looked_at - std::min(looked_at, text.size()));
  }
  auto read = received_.substr(0, begin + text.size());
  received_.erase(0, read.size());
  return read;
}

std::string Client::read_head() { return read_through("\r\n\r\n"); }

std::string Client::read_answer() {
  auto answer = read_head();
  constexpr std::string_view kName = "Content-Length: ";
  const auto found = answer.find(kName);
  if (found == std::string::npos) return answer;
  std::size_t length = 0;
  std::from_chars(answer.data() + found + kName.size(), answer.data() + answer.size(), length);
  while (received_.size() < length) {
    if (!receive()) return {};
  }
  answer += received_.substr(0, length);
  received_.erase(0, length);
  return answer;
}

std::string Client::read_all() {
  while (receive()) {
  }
  return std::exchange(received_, {});
}

int status_of(std::string_view answer) {
  int status = 0;
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  if (answer.starts_with(kVersion)) {
    std::from_chars(answer.data() + kVersion.size(), answer.data() + answer.size(), status);
  }
  return status;
}

std::string body_of(std::string_view answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string() : std::string(answer.substr(end + 4));
}

void allow_open_files(std::uint64_t count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, std::min<rlim_t>(count, limit.rlim_max));
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace keyfold::http
