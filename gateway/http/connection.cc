#include "gateway/http/connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <exception>
#include <utility>

#include "gateway/http/answer.h"
#include "gateway/http/io_thread.h"

namespace keyfold::http {
namespace {

constexpr std::size_t kFlushBytes = 256UL * 1024;  // of answers, gathered before they are written within one read
constexpr std::int64_t kLingerMs = 2'000;          // for the peer to read the last answer and close

bool would_block(const net::ErrorCode& error) {
  return error == boost::asio::error::would_block || error == boost::asio::error::try_again;
}

}  // namespace

// Hands out completions for the request that is being dispatched.
class Connection::LaterExchange final : public Exchange {
 public:
  LaterExchange(Connection& connection, std::uint64_t sequence) : connection_(connection), sequence_(sequence) {}
  Completion later() override {
    claimed_ = true;
    return Completion(
        std::make_shared<Completion::Target>(connection_.io_.inbox, connection_.weak_from_this(), sequence_));
  }
  [[nodiscard]] bool claimed() const { return claimed_; }

 private:
  Connection& connection_;
  std::uint64_t sequence_;
  bool claimed_ = false;
};

Connection::Connection(IoThread& io, net::Socket socket, std::string peer)
    : io_(io),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      parser_({io.limits().body_bytes_max, io.limits().header_bytes_max, io.limits().header_count_max}),
      read_deadline_ms_(io.now_ms() + io.limits().header_timeout_ms) {}

// Waits instead of reading asynchronously, which would bind a buffer to each idle connection.
void Connection::await_readable() {
  if (reading_) return;
  reading_ = true;
  socket_.async_wait(net::Socket::wait_read,
                     [self = shared_from_this()](net::ErrorCode error) { self->on_readable(error); });
}

void Connection::on_readable(net::ErrorCode error) {
  reading_ = false;
  if (closed_) return;
  if (error) return close();
  io_.refresh_now();
  read();
}

void Connection::read() {
  net::ErrorCode error;
  const auto size = socket_.read_some(boost::asio::buffer(io_.read_buffer), error);
  if (would_block(error)) return await_readable();
  peer_ended_ = error == boost::asio::error::eof;
  if (error && !peer_ended_) return close();
  io_.counters.bytes_read.add(size);
  if (lingering_ || stream_) return peer_ended_ ? close() : await_readable();
  if (peer_ended_) {  // half-closed: what it has asked before is answered yet
    input_ended_ = true;
    if (phase_ != Phase::kBetweenRequests) io_.counters.rejected.add(1);
  }
  advance(std::span(io_.read_buffer.data(), size));
}

void Connection::advance(std::span<char> input) {
  if (closed_ || lingering_) return;
  if (stream_) return send_stream();
  const bool was_paused = paused_;
  const auto sequence_before = first_sequence_ + slots_.size();
  parser_.feed(input);
  do {
    take_requests();
    if (closed_) return;
    append_due_answers();
    append_continue();
    flush();
    if (closed_) return;
  } while (paused_ && may_take_request());
  parser_.keep();
  if (stream_) return send_stream();
  // A phase's time starts anew with each request, and does not run while it is not the peer who is slow.
  const auto phase = std::exchange(phase_, parser_.phase());
  if (phase != phase_ || was_paused || first_sequence_ + slots_.size() != sequence_before) restart_read_deadline();
  if (input_ended_ && slots_.empty() && unsent_.empty()) return finish();
  if (!input_ended_ && !paused_) await_readable();
}

bool Connection::may_take_request() const { return unsent_.empty() && slots_.size() < io_.limits().pipelined_max; }

void Connection::take_requests() {
  paused_ = false;
  while (!input_ended_ && !closed_) {
    paused_ = !may_take_request();
    if (paused_) return;
    switch (parser_.next(io_.parsed)) {
      case RequestParser::Outcome::kRequest:
        dispatch(io_.parsed);
        break;
      case RequestParser::Outcome::kRefused:
        return refuse(parser_.refusal());
      case RequestParser::Outcome::kNeedMore:
        return;
    }
    if (io_.out.size() >= kFlushBytes) flush();
  }
}

void Connection::dispatch(ParsedRequest& parsed) {
  io_.counters.requests.add(1);
  parsed.request.peer = peer_;
  input_ended_ = !parsed.keep_alive;
  enqueue({call_handler(parsed.request), io_.now_ms() + io_.limits().request_deadline_ms,
           parsed.request.method == "HEAD", parsed.http_1_0, !parsed.keep_alive});
}

// Nothing: the answer comes later.
std::optional<Response> Connection::call_handler(const Request& request) {
  LaterExchange exchange(*this, first_sequence_ + slots_.size());
  try {
    auto answer = io_.listener.handler(request, exchange);
    if (answer || exchange.claimed()) return answer;
  } catch (...) {  // a bug; what it says is not for the client
  }
  return io_.listener.render_error(500, "the request could not be answered");
}

void Connection::refuse(Refusal refusal) {
  io_.counters.rejected.add(1);
  input_ended_ = input_left_ = true;
  enqueue({io_.listener.render_error(refusal.status, refusal.reason), 0, false, false, true});
}

bool Connection::store_answer(LateAnswer& late) {
  if (closed_ || late.sequence < first_sequence_ || late.sequence - first_sequence_ >= slots_.size()) return false;
  auto& slot = slots_[late.sequence - first_sequence_];
  if (slot.answer) return false;
  slot.answer =
      late.response ? std::move(late.response) : io_.listener.render_error(500, "the request was not answered");
  slot.stream = std::move(late.stream);
  return true;
}

void Connection::enqueue(Slot slot) {
  if (slots_.empty() && slot.answer) {
    static_cast<void>(append(slot, io_.draining));
  } else {
    slots_.push_back(std::move(slot));
  }
}

void Connection::append_due_answers() {
  if (slots_.empty() || !slots_.front().answer) return;
  std::size_t sent = 0;
  bool close = false;
  for (; sent < slots_.size() && slots_[sent].answer && !close; ++sent) {
    const bool last = io_.draining && sent + 1 == slots_.size();
    close = slots_[sent].stream ? append_stream_head(slots_[sent], last) : append(slots_[sent], last);
  }
  slots_.erase(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(sent));
  if (close) drop_slots(StreamEnd::kClientGone);
  if (phase_ == Phase::kBetweenRequests) restart_read_deadline();
}

// Answers the request that is first in line; true when the connection ends with it.
bool Connection::append(const Slot& slot, bool last) {
  const bool close = slot.close || slot.answer->close || last;
  append_answer(out(), *slot.answer, {slot.head_only, close, slot.http_1_0}, io_.date());
  ++first_sequence_;
  input_ended_ = input_ended_ || close;
  return close;
}

// The same for a stream, which takes the connection over, but for HEAD.
bool Connection::append_stream_head(const Slot& slot, bool last) {
  const bool close = !slot.head_only || slot.close || last;
  append_answer(out(), *slot.answer, {slot.head_only, close, slot.http_1_0, true}, io_.date());
  ++first_sequence_;
  input_ended_ = input_ended_ || close;
  auto stream = std::make_unique<OutgoingStream>(slot.stream, !slot.http_1_0);
  if (slot.head_only || peer_ended_) {
    stream->close(slot.head_only ? StreamEnd::kEnded : StreamEnd::kClientGone);
    return close;
  }
  stream_ = std::move(stream);
  await_readable();  // to see the peer close
  return true;
}

void Connection::drop_slots(StreamEnd end) {
  first_sequence_ += slots_.size();
  for (const auto& slot : slots_) {
    if (slot.stream) slot.stream->close(end);
  }
  slots_.clear();
}

// Only when all earlier requests have their answers, since it stands among them.
void Connection::append_continue() {
  if (input_ended_ || !slots_.empty() || !parser_.awaits_continue()) return;
  out() += "HTTP/1.1 100 Continue\r\n\r\n";
  parser_.continue_sent();
}

std::string& Connection::out() { return unsent_.empty() ? io_.out : unsent_; }

void Connection::flush() {
  if (io_.out.empty()) return;
  net::ErrorCode error;
  const auto sent = socket_.write_some(boost::asio::buffer(io_.out), error);
  io_.counters.bytes_written.add(sent);
  if (sent < io_.out.size()) {
    unsent_.assign(io_.out, sent);
    unsent_begin_ = 0;
  }
  io_.out.clear();
  if (error && !would_block(error)) return close();
  if (!unsent_.empty()) await_writable();
}

void Connection::await_writable() {
  writing_ = true;
  write_deadline_ms_ = io_.now_ms() + io_.limits().write_timeout_ms;
  socket_.async_wait(net::Socket::wait_write,
                     [self = shared_from_this()](net::ErrorCode error) { self->on_writable(error); });
}

void Connection::on_writable(net::ErrorCode error) {
  writing_ = false;
  if (closed_) return;
  if (error) return close();
  io_.refresh_now();
  if (unsent_.empty()) return advance();  // it is the stream that waits
  const auto sent = socket_.write_some(boost::asio::buffer(unsent_) + unsent_begin_, error);
  if (error && !would_block(error)) return close();
  io_.counters.bytes_written.add(sent);
  unsent_begin_ += sent;
  if (unsent_begin_ < unsent_.size()) return await_writable();
  std::string().swap(unsent_);
  advance();
}

void Connection::send_stream() {
  if (writing_) return;
  switch (stream_->send(socket_, io_.counters.bytes_written)) {
    case OutgoingStream::Progress::kAllSent:
      if (io_.draining) end_stream(StreamEnd::kDrained);
      return;
    case OutgoingStream::Progress::kBlocked:
      return await_writable();
    case OutgoingStream::Progress::kFinished:
      return end_stream(StreamEnd::kEnded);
    case OutgoingStream::Progress::kBroken:
      return close();
  }
}

// Once everything is sent.
void Connection::end_stream(StreamEnd end) {
  const auto stream = std::move(stream_);
  if (end == StreamEnd::kDrained) {
    stream->end();
    if (stream->send(socket_, io_.counters.bytes_written) != OutgoingStream::Progress::kFinished) close();
  }
  stream->close(end);
  if (!closed_) finish();
}

void Connection::restart_read_deadline() {
  const auto& limits = io_.limits();
  const auto timeout_ms = phase_ == Phase::kBetweenRequests ? limits.idle_timeout_ms
                          : phase_ == Phase::kHead          ? limits.header_timeout_ms
                                                            : limits.body_timeout_ms;
  read_deadline_ms_ = io_.now_ms() + timeout_ms;
}

void Connection::sweep() {
  if (slots_.empty()) std::vector<Slot>().swap(slots_);
  if (lingering_) {
    if (io_.now_ms() >= read_deadline_ms_) close();
  } else if (writing_) {
    if (io_.now_ms() < write_deadline_ms_) return;
    io_.counters.timeouts.add(1);
    close(StreamEnd::kStalled);
  } else {
    expire_handlers();
    if (!closed_ && !input_ended_ && !paused_) expire_input();
  }
}

void Connection::expire_handlers() {
  bool expired = false;
  for (auto& slot : slots_) {
    if (slot.answer || io_.now_ms() < slot.deadline_ms) continue;
    slot.answer = io_.listener.render_error(408, "the request took too long");
    slot.close = expired = true;
    io_.counters.timeouts.add(1);
  }
  if (expired) advance();
}

void Connection::expire_input() {
  if (io_.now_ms() < read_deadline_ms_) return;
  if (phase_ == Phase::kBetweenRequests) {
    if (!slots_.empty()) return;  // it is us whom the peer waits for
    io_.counters.timeouts.add(1);
    return close();
  }
  io_.counters.timeouts.add(1);
  refuse({408, phase_ == Phase::kHead ? "the headers took too long" : "the body took too long"});
  advance();
}

void Connection::begin_drain() {
  if (stream_) return writing_ ? close(StreamEnd::kDrained) : end_stream(StreamEnd::kDrained);
  if (!input_ended_ && !paused_) read();
  if (phase_ == Phase::kBetweenRequests && slots_.empty() && unsent_.empty() && !lingering_) close();
}

// All is sent. Closing with input unread would reset the connection, and the peer might lose the answer.
void Connection::finish() {
  if (peer_ended_ || (!input_left_ && phase_ == Phase::kBetweenRequests)) return close();
  net::ErrorCode error;
  socket_.shutdown(net::Socket::shutdown_send, error);
  if (error) return close();
  lingering_ = true;
  read_deadline_ms_ = io_.now_ms() + kLingerMs;
  await_readable();
}

void Connection::close(StreamEnd end) {
  if (closed_) return;
  closed_ = true;
  if (stream_) stream_->close(end);
  drop_slots(end);
  io_.forget(*this);  // first: who sees the end and connects again must find the place free
  net::ErrorCode ignored;
  socket_.close(ignored);
}

}  // namespace keyfold::http
