// How long one event takes to reach every subscriber.
//   event_fan_out keyfold PORT SUBSCRIBERS ROUNDS   of a keyfold server; the root key is in KEYFOLD_BENCH_ROOT_KEY
//   event_fan_out reference BYTES SUBSCRIBERS ROUNDS   of a process that does nothing but write that many bytes to each
// Prints "open" when all are connected and goes on when it is sent a line. Then a line of JSON: the bytes that each
// got, and for each round when the first, the middle one, 99 % and the last had it, in milliseconds from the moment in
// which the request was sent, or the writing began.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kOpenedAtOnce = 500;
constexpr std::string_view kMessageEnd = "\n\n\r\n";  // of an event's chunk
constexpr int kPatienceMs = 60'000;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("connect");
  return fd;
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) die("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// All subscribers, read by one thread.
class Subscribers {
 public:
  void add(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.u32 = static_cast<std::uint32_t>(fds_.size())}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
    fds_.push_back(fd);
  }

  /// Reads until `count` messages have ended; when each did, in milliseconds from `begin`, sorted.
  std::vector<double> await(std::size_t count, Clock::time_point begin) {
    std::vector<double> ended_ms;
    std::array<epoll_event, 512> ready;
    std::array<char, 64UL * 1024> buffer;
    while (ended_ms.size() < count) {
      const int found = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), kPatienceMs);
      if (found <= 0) die("epoll_wait");
      for (int i = 0; i < found; ++i) {
        const auto size = ::recv(fds_[ready[static_cast<std::size_t>(i)].data.u32], buffer.data(), buffer.size(), 0);
        if (size <= 0) die("a subscriber was closed");
        bytes_ += static_cast<std::uint64_t>(size);
        const std::string_view received(buffer.data(), static_cast<std::size_t>(size));
        if (!received.ends_with(kMessageEnd)) continue;
        ended_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
      }
    }
    std::sort(ended_ms.begin(), ended_ms.end());
    return ended_ms;
  }

  [[nodiscard]] std::uint64_t take_bytes() { return std::exchange(bytes_, 0); }

 private:
  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<int> fds_;
  std::uint64_t bytes_ = 0;
};

std::string request_of(const std::string& root_key) {
  return "GET /v2/events.subscribe?types=ApiCreated HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " + root_key +
         "\r\n\r\n";
}

std::string change_of(const std::string& root_key, int round) {
  const std::string body = R"({"name":"bench-)" + std::to_string(round) + "\"}";
  return "POST /v2/apis.createApi HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nAuthorization: Bearer " +
         root_key + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// The other end of the reference: a process of its own, so that each has half of the descriptors.
class Writer {
 public:
  Writer(std::size_t count, const std::string& message) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0) die("bind");
    if (::listen(listener_, 4'096) != 0) die("listen");
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) die("pipe");
    go_ = pipe[1];
    child_ = ::fork();
    if (child_ < 0) die("fork");
    if (child_ > 0) return;
    ::close(go_);
    serve(pipe[0], count, message);
    std::_Exit(0);
  }
  ~Writer() {
    ::close(go_);
    ::waitpid(child_, nullptr, 0);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void write() const {
    if (::write(go_, "x", 1) != 1) die("write");
  }

 private:
  void serve(int go, std::size_t count, const std::string& message) const {
    std::vector<int> fds;
    for (std::size_t i = 0; i < count; ++i) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      const int on = 1;
      if (fd < 0 || ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) die("accept");
      fds.push_back(fd);
    }
    for (char byte = 0; ::read(go, &byte, 1) == 1;) {
      for (const int fd : fds) send_all(fd, message);
    }
  }

  int listener_;
  int go_ = -1;
  pid_t child_ = -1;
  std::uint16_t port_ = 0;
};

/// Tells who started us, who may look at the memory meanwhile.
void say_open() {
  std::cout << "open" << std::endl;
  std::string line;
  std::getline(std::cin, line);
}

void print(std::uint64_t bytes, const std::vector<std::vector<double>>& rounds) {
  std::cout << "{\"bytes\":" << bytes << ",\"rounds\":[";
  for (const auto& times : rounds) {
    const auto at = [&](double part) { return times[static_cast<std::size_t>(part * double(times.size() - 1))]; };
    std::cout << (&times == &rounds.front() ? "" : ",") << "{\"firstMs\":" << at(0) << ",\"p50Ms\":" << at(0.5)
              << ",\"p99Ms\":" << at(0.99) << ",\"lastMs\":" << at(1) << "}";
  }
  std::cout << "]}" << std::endl;
}

void measure_keyfold(std::uint16_t port, std::size_t count, int rounds) {
  const std::string root_key = std::getenv("KEYFOLD_BENCH_ROOT_KEY");
  Subscribers subscribers;
  for (std::size_t opened = 0; opened < count;) {
    const std::size_t more = std::min(kOpenedAtOnce, count - opened);
    for (std::size_t i = 0; i < more; ++i) {
      const int fd = connect_to(port);
      send_all(fd, request_of(root_key));
      subscribers.add(fd);
    }
    static_cast<void>(subscribers.await(more, Clock::now()));
    opened += more;
  }
  say_open();
  static_cast<void>(subscribers.take_bytes());
  const int changer = connect_to(port);
  std::vector<std::vector<double>> times;
  std::array<char, 4'096> answer;
  for (int round = 0; round < rounds; ++round) {
    const auto begin = Clock::now();
    send_all(changer, change_of(root_key, round));
    times.push_back(subscribers.await(count, begin));
    if (::recv(changer, answer.data(), answer.size(), 0) <= 0) die("the change was not answered");
  }
  print(subscribers.take_bytes() / count / static_cast<std::uint64_t>(rounds), times);
}

void measure_reference(std::size_t bytes, std::size_t count, int rounds) {
  std::string message(bytes, 'x');
  message.replace(bytes - kMessageEnd.size(), kMessageEnd.size(), kMessageEnd);
  const Writer writer(count, message);
  Subscribers subscribers;
  for (std::size_t i = 0; i < count; ++i) subscribers.add(connect_to(writer.port()));
  say_open();
  std::vector<std::vector<double>> times;
  for (int round = 0; round < rounds; ++round) {
    const auto begin = Clock::now();
    writer.write();
    times.push_back(subscribers.await(count, begin));
  }
  print(bytes, times);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: event_fan_out keyfold PORT SUBSCRIBERS ROUNDS | reference BYTES SUBSCRIBERS ROUNDS\n";
    return 2;
  }
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const auto number = [&](int i) { return std::strtoul(argv[i], nullptr, 10); };
  if (std::string_view(argv[1]) == "keyfold") {
    measure_keyfold(static_cast<std::uint16_t>(number(2)), number(3), static_cast<int>(number(4)));
  } else {
    measure_reference(number(2), number(3), static_cast<int>(number(4)));
  }
}
