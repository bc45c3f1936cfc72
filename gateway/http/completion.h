#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "gateway/http/message.h"
#include "gateway/http/server.h"

namespace keyfold::http {

class Connection;

/// An answer on its way to the I/O thread that owns its connection.
struct LateAnswer {
  std::weak_ptr<Connection> connection;
  std::uint64_t sequence;            // of the request on its connection
  std::optional<Response> response;  // nothing: the completion was destroyed without an answer
};

/// Where other threads leave answers for one I/O thread, which is woken once for all that have gathered. Thread-safe;
/// may outlive its thread.
class Inbox {
 public:
  /// `wake` makes the I/O thread call `take_all` soon; called under the inbox's lock.
  explicit Inbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  void push(LateAnswer answer);
  /// Moves the gathered answers to the end of `answers`. For the I/O thread.
  void take_all(std::vector<LateAnswer>& answers);
  /// From now on answers are dropped and nobody is woken.
  void close();

 private:
  std::mutex mutex_;
  std::function<void()> wake_;
  std::vector<LateAnswer> answers_;
  bool woken_ = false;
  bool closed_ = false;
};

/// What a Completion stands for: one request of one connection.
struct Completion::Target {
  Target(std::shared_ptr<Inbox> to, std::weak_ptr<Connection> of, std::uint64_t request)
      : inbox(std::move(to)), connection(std::move(of)), sequence(request) {}
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  ~Target();

  std::shared_ptr<Inbox> inbox;  // none once it is answered
  std::weak_ptr<Connection> connection;
  std::uint64_t sequence;
};

}  // namespace keyfold::http
