#pragma once

#include <cstdint>
#include <ctime>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "gateway/http/answer.h"
#include "gateway/http/completion.h"
#include "gateway/http/connection_gate.h"
#include "gateway/http/counters.h"
#include "gateway/http/net.h"
#include "gateway/http/request_parser.h"
#include "gateway/http/server.h"

namespace keyfold::http {

class Connection;

/// What all I/O threads of a server share. Outlives them.
struct Listener {
  ServerOptions options;
  Handler handler;
  ErrorRenderer render_error;
  ConnectionGate gate;
};

/// One thread with its io_context, its acceptor of the shared port and its connections.
class IoThread {
 public:
  explicit IoThread(Listener& shared);
  ~IoThread();  // NOLINT(bugprone-exception-escape): only for want of memory, and then ending is right
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  /// Binds and listens with SO_REUSEPORT, before `start`. Port 0: any free one.
  [[nodiscard]] net::ErrorCode listen(const net::Tcp::endpoint& endpoint);
  [[nodiscard]] std::uint16_t port() const;
  void start();
  /// Accepts no more and lets the connections finish. From any other thread, once; ready when it has begun.
  [[nodiscard]] std::future<void> begin_drain();
  /// Closes all connections and ends the thread. From any other thread; safe to repeat.
  void stop();

  // What follows is for the connections, on this thread.

  /// The connection has closed itself.
  void forget(const Connection& connection);
  /// The Date header's value; valid until the next call.
  [[nodiscard]] std::string_view date() { return date_.at(std::time(nullptr)); }
  /// The monotonic clock at the beginning of what is happening.
  [[nodiscard]] std::int64_t now_ms() const { return now_ms_; }
  void refresh_now();
  [[nodiscard]] const Limits& limits() const { return listener.options.limits; }

  Listener& listener;
  Counters counters;
  std::shared_ptr<Inbox> inbox;
  bool draining = false;
  std::vector<char> read_buffer;  // for the connection at work, as are the next two
  ParsedRequest parsed;
  std::string out;  // empty between two connections' work

 private:
  void accept();
  void on_accept(const net::ErrorCode& error, net::Socket socket);
  void admit(net::Socket socket);
  void drain_now();
  void sweep_in_a_second();
  void sweep();
  void empty_inbox();
  void close_all();

  // This thread alone runs it and touches its sockets; others only post to it.
  boost::asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  net::Acceptor acceptor_{context_};
  net::Timer sweep_timer_{context_};
  bool accept_failed_ = false;  // for want of descriptors, say; the sweep tries again
  bool stopping_ = false;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<LateAnswer> late_answers_;               // reused
  std::vector<StreamWrite> stream_writes_;             // reused
  std::vector<std::shared_ptr<Connection>> answered_;  // reused
  DateCache date_;
  std::int64_t now_ms_ = 0;
  std::thread thread_;
};

}  // namespace keyfold::http
