#include "gateway/http/server.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <exception>
#include <future>
#include <utility>
#include <vector>

#include "gateway/http/io_thread.h"

namespace keyfold::http {
namespace {

// SO_REUSEPORT lets another server of the same user bind the same port in silence and take half of the connections.
// Binding without it first says so.
net::ErrorCode check_free(const net::Tcp::endpoint& endpoint) {
  boost::asio::io_context context;
  net::Acceptor probe(context);
  net::ErrorCode error;
  if (probe.open(endpoint.protocol(), error)) return error;
  if (probe.set_option(net::Acceptor::reuse_address(true), error)) return error;
  static_cast<void>(probe.bind(endpoint, error));
  return error;
}

}  // namespace

struct Server::Impl {
  Impl(ServerOptions options, Handler handler, ErrorRenderer render_error)
      : listener{options,
                 std::move(handler),
                 std::move(render_error),
                 {options.limits.connections_max, options.limits.connections_per_address_max}} {}

  Listener listener;
  std::uint16_t port = 0;
  bool drained = false;
  std::vector<std::unique_ptr<IoThread>> threads;

  [[nodiscard]] Status bind_all();
  void stop();
};

Status Server::Impl::bind_all() {
  const auto& options = listener.options;
  const auto cannot_bind = [&](const net::ErrorCode& error) {
    return fail(ErrorCode::kIo, "cannot listen: " + error.message(),
                options.address + " port " + std::to_string(options.port), "choose another address or port");
  };
  net::ErrorCode error;
  const auto address = boost::asio::ip::make_address(options.address, error);
  if (error) {
    return fail(ErrorCode::kInvalidArgument, "not an IP address", options.address, "such as 127.0.0.1 or ::");
  }
  port = options.port;
  if (port != 0) error = check_free({address, port});
  for (int i = 0; i < std::max(options.threads, 1) && !error; ++i) {
    threads.push_back(std::make_unique<IoThread>(listener));
    error = threads.back()->listen({address, port});
    if (!error) port = threads.back()->port();
  }
  if (!error) return {};
  threads.clear();
  return cannot_bind(error);
}

void Server::Impl::stop() {
  for (const auto& thread : threads) thread->stop();
}

Server::Server(ServerOptions options, Handler handler, ErrorRenderer render_error)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler), std::move(render_error))) {}

Server::~Server() { impl_->stop(); }

Status Server::start() {
  if (!impl_->threads.empty()) return fail(ErrorCode::kFailedPrecondition, "the server has been started");
  try {
    if (auto bound = impl_->bind_all(); !bound) return bound;
    for (const auto& thread : impl_->threads) thread->start();
  } catch (const std::exception& error) {  // no descriptors or threads left
    impl_->threads.clear();
    return fail(ErrorCode::kIo, std::string("cannot start the listener: ") + error.what());
  }
  return {};
}

std::uint16_t Server::port() const { return impl_->port; }

void Server::drain(std::int64_t timeout_ms) {
  if (impl_->drained) return;
  impl_->drained = true;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  std::vector<std::future<void>> begun;
  for (const auto& thread : impl_->threads) begun.push_back(thread->begin_drain());
  for (const auto& ready : begun) ready.wait_until(deadline);
  impl_->listener.gate.wait_until_empty(deadline);
  impl_->stop();
}

Stats Server::stats() const {
  Stats stats;
  stats.connections_open = impl_->listener.gate.open();
  for (const auto& thread : impl_->threads) {
    const auto& counters = thread->counters;
    stats.connections_accepted += counters.accepted.value();
    stats.connections_refused += counters.refused.value();
    stats.requests += counters.requests.value();
    stats.requests_rejected += counters.rejected.value();
    stats.timeouts += counters.timeouts.value();
    stats.bytes_read += counters.bytes_read.value();
    stats.bytes_written += counters.bytes_written.value();
  }
  return stats;
}

}  // namespace keyfold::http
