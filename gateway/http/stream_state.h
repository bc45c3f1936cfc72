#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "gateway/http/stream.h"

namespace keyfold::http {

class Connection;
class Inbox;

/// What a Stream stands for: shared by its owner, its connection and what is on the way between them.
struct Stream::State {
  State(std::shared_ptr<Inbox> to, std::weak_ptr<Connection> of, std::shared_ptr<StreamObserver> tells)
      : inbox(std::move(to)), connection(std::move(of)), observer(std::move(tells)) {}

  /// Tells the observer, the first time. On the I/O thread, or when that has ended.
  void close(StreamEnd end);

  const std::shared_ptr<Inbox> inbox;
  const std::weak_ptr<Connection> connection;
  std::atomic<std::size_t> unsent{0};
  std::atomic<bool> closed{false};

  // For the I/O thread.
  std::shared_ptr<StreamObserver> observer;  // none once it is closed
  std::vector<SharedText> texts;             // to be sent, in order
};

/// A text on its way to the I/O thread that owns the stream's connection.
struct StreamWrite {
  std::shared_ptr<Stream::State> stream;
  SharedText text;
};

}  // namespace keyfold::http
