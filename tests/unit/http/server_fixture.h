#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/http/server.h"
#include "tests/unit/http/client.h"

namespace keyfold::http {

/// A request's text with Host and the given further field lines, each with its line end.
inline std::string get(std::string_view path, std::string_view fields = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}
inline std::string post(std::string_view path, std::string_view body) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

/// More than both sockets' buffers can grow to.
inline constexpr std::size_t kBigBytes = 32 << 20;

/// Completions that the handler has claimed, in order, for the test to answer.
class Held {
 public:
  void put(Completion completion) {
    const std::lock_guard lock(mutex_);
    held_.push_back(std::move(completion));
    more_.notify_all();
  }
  /// Waits for one.
  Completion take() {
    std::unique_lock lock(mutex_);
    more_.wait(lock, [this] { return !held_.empty(); });
    auto completion = std::move(held_.front());
    held_.pop_front();
    return completion;
  }
  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return held_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Completion> held_;
};

/// A server on a free port whose handler does what the path says: /later holds the completion for the test, /throw
/// throws, /nothing breaks the handler's contract, /big answers more than a socket takes at once, /close closes,
/// anything else answers "path?query body".
class ServerTest : public testing::Test {
 protected:
  void start(Limits limits = {}, int threads = 2) {
    server_.emplace(
        ServerOptions{.port = 0, .threads = threads, .limits = limits},
        [this](const Request& request, Exchange& exchange) { return handle(request, exchange); },
        [](int status, std::string_view reason) {
          return Response{.status = status, .body = "error: " + std::string(reason)};
        });
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().to_string();
  }

  [[nodiscard]] Client connect() const { return Client(server_->port()); }
  /// The answer's body to a request sent on a connection of its own.
  [[nodiscard]] std::string ask(std::string_view path) const {
    auto client = connect();
    client.send(get(path));
    return body_of(client.read_answer());
  }

  Held held_;
  std::optional<Server> server_;

 private:
  std::optional<Response> handle(const Request& request, Exchange& exchange) {
    if (request.path == "/later") {
      held_.put(exchange.later());
      return std::nullopt;
    }
    if (request.path == "/throw") throw std::runtime_error("a secret");
    if (request.path == "/nothing") return std::nullopt;
    if (request.path == "/big") return Response{.body = std::string(kBigBytes, 'x')};
    Response response{.close = request.path == "/close"};
    response.body.append(request.path).append("?").append(request.query).append(" ").append(request.body);
    return response;
  }
};

}  // namespace keyfold::http
