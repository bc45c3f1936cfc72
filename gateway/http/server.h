#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/http/message.h"
#include "gateway/http/stream.h"
#include "schemas/base/result.h"

namespace keyfold::http {

/// Limits of the public listener; all have safe defaults, all are configurable. Durations in milliseconds, sizes in
/// bytes.
struct Limits {
  std::size_t body_bytes_max = 10UL * 1024 * 1024;  // above: 413
  std::size_t header_bytes_max = 16UL * 1024;       // above: 431
  std::size_t header_count_max = 100;               // above: 431
  std::size_t connections_max = 10'000;             // above: accepted and closed at once
  std::size_t connections_per_address_max = 10'000;
  std::size_t pipelined_max = 64;             // requests of one connection that wait for an answer; reading stops above
  std::int64_t header_timeout_ms = 10'000;    // first byte to end of header; also a new connection's first byte
  std::int64_t body_timeout_ms = 30'000;      // end of header to end of body
  std::int64_t idle_timeout_ms = 120'000;     // between requests
  std::int64_t write_timeout_ms = 20'000;     // no progress while an answer is being written
  std::int64_t request_deadline_ms = 60'000;  // a handler that has not completed by then: 408
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  // 0: any free port
  int threads = 2;            // I/O threads, one io_context each
  Limits limits;
};

/// What the listener counts; monotonic unless said otherwise. Read with `Server::stats()`.
struct Stats {
  std::uint64_t connections_open = 0;      // a gauge
  std::uint64_t connections_accepted = 0;  // without the refused ones
  std::uint64_t connections_refused = 0;
  std::uint64_t requests = 0;
  std::uint64_t requests_rejected = 0;  // refused before a handler saw them (framing, limits)
  std::uint64_t timeouts = 0;           // header, body, idle, write and handler time-outs
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
};

/// Answers one request later, from any thread, exactly once. Move-only. An answer to a connection that has gone is
/// dropped; a completion destroyed without an answer sends 500, so that no client waits for ever.
class Completion {
 public:
  struct Target;
  Completion() = default;
  explicit Completion(std::shared_ptr<Target> target) : target_(std::move(target)) {}
  Completion(Completion&&) noexcept = default;
  Completion& operator=(Completion&&) noexcept = default;
  ~Completion();
  void operator()(Response response);
  /// Answers with a stream instead: the head now (its body is not looked at), texts as they come, by the chunked coding
  /// or, to HTTP/1.0, until the connection's end. The connection carries nothing after it. HEAD gets the head alone.
  /// The stream is out of the reach of the request's deadline and of idle time-outs, but a client that takes nothing
  /// for `write_timeout_ms` loses it; a client that closes its side, even for sending alone, is gone. Draining ends it.
  [[nodiscard]] Stream stream(Response head, std::shared_ptr<StreamObserver> observer);

 private:
  std::shared_ptr<Target> target_;
};

/// What a handler gets beside the request; lives only during the handler's call, on the connection's I/O thread.
class Exchange {
 public:
  virtual ~Exchange() = default;
  /// Claims the answer: the handler returns nothing and calls the completion later.
  [[nodiscard]] virtual Completion later() = 0;
};

/// Called on an I/O thread and must not block. Returns the answer, or nothing after `exchange.later()`.
using Handler = std::function<std::optional<Response>(const Request&, Exchange&)>;
/// Renders an answer of the listener's own (bad framing 400, 408, 413, 431, 500, 503), so that errors look alike.
using ErrorRenderer = std::function<Response(int status, std::string_view reason)>;

/// The public HTTP/1.1 listener: one io_context per thread with SO_REUSEPORT, strict framing (RFC 9112), pipelining in
/// order, time-outs by a sweep once a second. Construct, `start`, later `drain`. Handlers run on the I/O threads.
class Server {
 public:
  Server(ServerOptions options, Handler handler, ErrorRenderer render_error);
  ~Server();  // stops at once, if drain was not called
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and starts the threads. Fails when the address can't be bound.
  [[nodiscard]] Status start();
  /// The bound port; valid after start.
  [[nodiscard]] std::uint16_t port() const;
  /// Stops accepting, lets requests in flight finish, closes idle connections; returns when all are gone or after
  /// `timeout_ms`.
  void drain(std::int64_t timeout_ms);
  [[nodiscard]] Stats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold::http
