#include "gateway/http/io_thread.h"

#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <utility>

#include "gateway/http/connection.h"

namespace keyfold::http {
namespace {

constexpr std::size_t kReadBytes = 64UL * 1024;
constexpr std::size_t kOutBytesKept = 1024UL * 1024;  // of the thread's answer buffer after an unusually large one
constexpr std::chrono::seconds kSweepInterval{1};

}  // namespace

IoThread::IoThread(Listener& shared) : listener(shared), read_buffer(kReadBytes) {
  inbox = std::make_shared<Inbox>([this] { boost::asio::post(context_, [this] { empty_inbox(); }); });
  refresh_now();
}

IoThread::~IoThread() { stop(); }  // NOLINT(bugprone-exception-escape): as declared

net::ErrorCode IoThread::listen(const net::Tcp::endpoint& endpoint) {
  net::ErrorCode error;
  if (acceptor_.open(endpoint.protocol(), error)) return error;
  if (acceptor_.set_option(net::Acceptor::reuse_address(true), error)) return error;
  const int on = 1;
  if (::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
    return {errno, boost::system::system_category()};
  }
  // Accepted sockets inherit it.
  if (acceptor_.set_option(net::Tcp::no_delay(true), error)) return error;
  if (acceptor_.bind(endpoint, error)) return error;
  static_cast<void>(acceptor_.listen(net::Acceptor::max_listen_connections, error));
  return error;
}

std::uint16_t IoThread::port() const {
  net::ErrorCode ignored;
  return acceptor_.local_endpoint(ignored).port();
}

void IoThread::start() {
  accept();
  sweep_in_a_second();
  thread_ = std::thread([this] { context_.run(); });
}

std::future<void> IoThread::begin_drain() {
  std::promise<void> begun;
  auto ready = begun.get_future();
  boost::asio::post(context_, [this, begun = std::move(begun)]() mutable {
    drain_now();
    begun.set_value();
  });
  return ready;
}

void IoThread::stop() {
  if (thread_.joinable()) {
    boost::asio::post(context_, [this] { close_all(); });
    thread_.join();
  }
  inbox->close();
}

void IoThread::accept() {
  acceptor_.async_accept(
      [this](const net::ErrorCode& error, net::Socket socket) { on_accept(error, std::move(socket)); });
}

void IoThread::on_accept(const net::ErrorCode& error, net::Socket socket) {
  if (stopping_ || !acceptor_.is_open()) return;
  if (error && error != boost::asio::error::connection_aborted) {
    accept_failed_ = true;
    return;
  }
  refresh_now();
  if (!error) admit(std::move(socket));
  accept();
}

void IoThread::admit(net::Socket socket) {
  net::ErrorCode error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return;  // gone again
  auto peer = endpoint.address().to_string();
  if (!listener.gate.enter(peer)) {
    counters.refused.add(1);
    return;
  }
  counters.accepted.add(1);
  socket.non_blocking(true, error);
  const auto connection = std::make_shared<Connection>(*this, std::move(socket), std::move(peer));
  connection->index = connections_.size();
  connections_.push_back(connection);
  connection->start();
}

void IoThread::forget(const Connection& connection) {
  listener.gate.leave(connection.peer());
  const auto index = connection.index;
  connections_[index].swap(connections_.back());
  connections_[index]->index = index;
  connections_.pop_back();
}

void IoThread::drain_now() {
  refresh_now();
  draining = true;
  // Clients whose connection the kernel has accepted for us may have sent their request.
  net::ErrorCode error;
  acceptor_.non_blocking(true, error);
  while (!error) {
    net::Socket socket(context_);
    if (!acceptor_.accept(socket, error)) admit(std::move(socket));
  }
  acceptor_.close(error);
  for (const auto& connection : std::vector(connections_)) connection->begin_drain();
}

void IoThread::sweep_in_a_second() {
  sweep_timer_.expires_after(kSweepInterval);
  sweep_timer_.async_wait([this](const net::ErrorCode&) {
    if (!stopping_) sweep();
  });
}

void IoThread::sweep() {
  refresh_now();
  if (out.capacity() > kOutBytesKept) std::string().swap(out);
  // From the end: one that closes is replaced by the last, which has been visited.
  for (auto i = connections_.size(); i-- > 0;) {
    const auto connection = connections_[i];
    connection->sweep();
  }
  if (std::exchange(accept_failed_, false) && acceptor_.is_open()) accept();
  sweep_in_a_second();
}

void IoThread::empty_inbox() {
  refresh_now();
  inbox->take_all(late_answers_, stream_writes_);
  for (auto& answer : late_answers_) {
    auto connection = answer.connection.lock();
    if (connection && connection->store_answer(answer)) {
      answered_.push_back(std::move(connection));
    } else if (answer.stream) {
      answer.stream->close(StreamEnd::kClientGone);
    }
  }
  late_answers_.clear();
  for (auto& [stream, text] : stream_writes_) {
    if (stream->closed) continue;
    stream->texts.push_back(std::move(text));
    if (auto connection = stream->connection.lock()) answered_.push_back(std::move(connection));
  }
  stream_writes_.clear();
  for (const auto& connection : answered_) connection->advance();  // a second time does nothing
  answered_.clear();
}

void IoThread::close_all() {
  stopping_ = true;
  net::ErrorCode ignored;
  acceptor_.close(ignored);
  sweep_timer_.cancel();
  while (!connections_.empty()) {
    const auto connection = connections_.back();
    connection->close(StreamEnd::kDrained);
  }
}

void IoThread::refresh_now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  now_ms_ = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace keyfold::http
