#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gateway/http/completion.h"
#include "gateway/http/net.h"
#include "gateway/http/outgoing_stream.h"
#include "gateway/http/request_parser.h"
#include "gateway/http/server.h"

namespace keyfold::http {

class IoThread;

/// One accepted connection: reads, hands requests to the handler, and writes the answers in the order of the requests.
/// Lives on its I/O thread, and all of its functions run there. Between requests it holds no buffer: it reads into the
/// thread's, answers from the thread's, and owns only what could not be parsed or written yet.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(IoThread& io, net::Socket socket, std::string peer);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() { await_readable(); }
  /// Takes the answer to the request of its sequence, 500 for nothing; `advance` sends it. False when that request has
  /// its answer.
  [[nodiscard]] bool store_answer(LateAnswer& late);
  /// Goes as far as it can: takes requests, sends the answers that are due, then reads on or ends. Once it carries a
  /// stream, it sends what was written to that.
  void advance() { advance({}); }
  /// Ends what has taken too long. Called once a second.
  void sweep();
  /// The server drains: answers what has arrived, closes at once if there is nothing.
  void begin_drain();
  /// Closes at once; safe to repeat. What is said about a stream that ends with it.
  void close(StreamEnd end = StreamEnd::kClientGone);

  [[nodiscard]] const std::string& peer() const { return peer_; }

  /// Its place in the I/O thread's list.
  std::size_t index = 0;

 private:
  class LaterExchange;
  using Phase = RequestParser::Phase;

  // A request that waits for its own answer or for those before it.
  struct Slot {
    std::optional<Response> answer;
    std::int64_t deadline_ms;  // for the handler
    bool head_only;
    bool http_1_0;
    bool close;                                       // the connection ends with this answer
    std::shared_ptr<Stream::State> stream = nullptr;  // whose head the answer is
  };

  void await_readable();
  void on_readable(net::ErrorCode error);
  void read();
  void advance(std::span<char> input);
  void take_requests();
  [[nodiscard]] bool may_take_request() const;
  void dispatch(ParsedRequest& parsed);
  [[nodiscard]] std::optional<Response> call_handler(const Request& request);
  void refuse(Refusal refusal);

  void enqueue(Slot slot);
  void append_due_answers();
  [[nodiscard]] bool append(const Slot& slot, bool last);
  [[nodiscard]] bool append_stream_head(const Slot& slot, bool last);
  void drop_slots(StreamEnd end);
  void append_continue();
  [[nodiscard]] std::string& out();
  void flush();
  void await_writable();
  void on_writable(net::ErrorCode error);
  void send_stream();
  void end_stream(StreamEnd end);

  void restart_read_deadline();
  void expire_handlers();
  void expire_input();
  void finish();

  IoThread& io_;
  net::Socket socket_;
  std::string peer_;
  RequestParser parser_;
  std::vector<Slot> slots_;                 // in the order of the requests
  std::uint64_t first_sequence_ = 0;        // of slots_.front(), or of the next request
  std::string unsent_;                      // what the socket did not take at once
  std::size_t unsent_begin_ = 0;            // what is before has been sent
  std::unique_ptr<OutgoingStream> stream_;  // after its head; the last that the connection carries
  std::int64_t write_deadline_ms_ = 0;      // while it waits for the socket to be writable
  std::int64_t read_deadline_ms_;           // for the phase
  Phase phase_ = Phase::kBetweenRequests;
  bool reading_ = false;      // waits for the socket to be readable
  bool writing_ = false;      // waits for it to be writable
  bool paused_ = false;       // takes no request until answers have gone
  bool input_ended_ = false;  // takes no request any more
  bool input_left_ = false;   // and there may be input that will not be looked at
  bool peer_ended_ = false;   // the peer has shut its side down
  bool lingering_ = false;    // all is sent; discards input, so that the peer comes to read the answer
  bool closed_ = false;
};

}  // namespace keyfold::http
