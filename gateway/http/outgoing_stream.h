#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "gateway/http/counters.h"
#include "gateway/http/net.h"
#include "gateway/http/stream_state.h"

namespace keyfold::http {

/// The stream that a connection carries, from its head on: sends its texts straight from where all streams share them.
/// For the connection, on its I/O thread.
class OutgoingStream {
 public:
  enum class Progress : std::uint8_t {
    kAllSent,
    kBlocked,   // the socket takes no more for now
    kFinished,  // the owner has ended it, and all is sent
    kBroken,    // the connection is of no use any more
  };

  /// `chunked`: by the chunked transfer coding; else the connection's end ends the body.
  OutgoingStream(std::shared_ptr<Stream::State> state, bool chunked) : state_(std::move(state)), chunked_(chunked) {}

  /// Sends what the socket takes, and tells the observer when that was everything.
  [[nodiscard]] Progress send(net::Socket& socket, Counter& bytes_written);
  /// Puts the end behind what is to be sent.
  void end();
  void close(StreamEnd end);

 private:
  [[nodiscard]] std::string_view bytes_of(const StreamText& text) const {
    return chunked_ ? text.chunk() : text.text();
  }
  void take_off(std::size_t sent);

  std::shared_ptr<Stream::State> state_;
  std::size_t sent_of_first_ = 0;  // bytes of the first text that have gone
  bool chunked_;
  bool finished_ = false;
};

}  // namespace keyfold::http
