#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "gateway/http/message.h"
#include "gateway/http/server.h"
#include "gateway/http/stream_state.h"

namespace keyfold::http {

class Connection;

/// An answer on its way to the I/O thread that owns its connection.
struct LateAnswer {
  std::weak_ptr<Connection> connection;
  std::uint64_t sequence;                 // of the request on its connection
  std::optional<Response> response;       // nothing: the completion was destroyed without an answer
  std::shared_ptr<Stream::State> stream;  // then the response is its head
};

/// Where other threads leave answers and texts of streams for one I/O thread, which is woken once for all that have
/// gathered. Thread-safe; may outlive its thread.
class Inbox {
 public:
  /// `wake` makes the I/O thread call `take_all` soon; called under the inbox's lock.
  explicit Inbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  void push(LateAnswer answer);
  void push(StreamWrite write);
  /// Takes them out of `writes`.
  void push(std::vector<StreamWrite>& writes);
  /// Moves what has gathered to the end of `answers` and `writes`. A stream's texts never come before its head when the
  /// answers are looked at first. For the I/O thread.
  void take_all(std::vector<LateAnswer>& answers, std::vector<StreamWrite>& writes);
  /// From now on everything is dropped and nobody is woken.
  void close();

 private:
  void wake();

  std::mutex mutex_;
  std::function<void()> wake_;
  std::vector<LateAnswer> answers_;
  std::vector<StreamWrite> writes_;
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
