#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace keyfold::http {

class Inbox;
struct StreamWrite;

/// Text for any number of streams, framed once for all of them (chunked transfer coding, RFC 9112, 7.1). Immutable.
class StreamText {
 public:
  explicit StreamText(std::string_view text);
  [[nodiscard]] std::string_view text() const { return std::string_view(chunk_).substr(begin_, size_); }
  /// The text as one chunk; the empty text's is the one that ends a body.
  [[nodiscard]] std::string_view chunk() const { return chunk_; }

 private:
  std::string chunk_;
  std::size_t begin_;
  std::size_t size_;
};
using SharedText = std::shared_ptr<const StreamText>;
[[nodiscard]] inline SharedText share_text(std::string_view text) { return std::make_shared<const StreamText>(text); }

/// Why a stream is over.
enum class StreamEnd : std::uint8_t {
  kEnded,       // by its owner
  kClientGone,  // closed by the client, or broken
  kStalled,     // the client took nothing for `write_timeout_ms`
  kDrained,     // the server stops
};

/// What the owner of a stream is told, on the connection's I/O thread: it must not block.
class StreamObserver {
 public:
  virtual ~StreamObserver() = default;
  /// Everything that was written so far has been handed to the socket.
  virtual void on_sent() = 0;
  /// Once, and nothing comes after it; perhaps before `Completion::stream` has returned.
  virtual void on_closed(StreamEnd end) = 0;
};

/// An answer that goes on for as long as its owner and the client want (see Completion::stream). Thread-safe: texts of
/// one thread arrive in order, and others never touch the connection. Copies are the same stream. The owner bounds what
/// it writes by `unsent`; what is written to a closed stream is dropped.
class Stream {
 public:
  struct State;
  Stream() = default;
  explicit Stream(std::shared_ptr<State> state) : state_(std::move(state)) {}

  void write(SharedText text) const;
  /// Ends it when everything before has been sent. Nothing can be written after it.
  void end() const;
  /// Bytes that were written, with their framing, and not yet handed to the socket as a whole text.
  [[nodiscard]] std::size_t unsent() const;
  /// True of a stream that is over, and of one that never was.
  [[nodiscard]] bool closed() const;

 private:
  friend class StreamBatch;
  std::shared_ptr<State> state_;
};

/// Writes to many streams at once: each I/O thread is woken and locked out once for all of them. For one thread;
/// reusable.
class StreamBatch {
 public:
  StreamBatch();
  ~StreamBatch();  // without sending
  StreamBatch(const StreamBatch&) = delete;
  StreamBatch& operator=(const StreamBatch&) = delete;

  void write(const Stream& stream, SharedText text);
  void end(const Stream& stream);
  void send();

 private:
  std::vector<std::pair<std::shared_ptr<Inbox>, std::vector<StreamWrite>>> by_inbox_;
};

}  // namespace keyfold::http
