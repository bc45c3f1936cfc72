#include "actors/cluster/peers.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <caf/io/all.hpp>
#include <caf/openssl/all.hpp>
#include <charconv>
#include <chrono>
#include <unordered_map>
#include <vector>

#include "actors/cluster/outcome_codec.h"
#include "actors/message_order.h"

namespace keyfold::actors {
namespace {

using Kind = ForwardReply::Kind;

constexpr std::chrono::seconds kConnectTimeout{3};
constexpr int kProbeTimeoutMs = 1'000;

bool uses_tls(const ClusterOptions& options) { return !options.tls_certificate_file.empty(); }

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

std::optional<HostPort> parse_address(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  HostPort parsed{address.substr(0, colon), 0};
  const char* end = address.data() + address.size();
  const auto [stopped, error] = std::from_chars(address.data() + colon + 1, end, parsed.port);
  if (error != std::errc() || stopped != end || parsed.host.empty()) return std::nullopt;
  if (parsed.host.front() == '[' && parsed.host.back() == ']')
    parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
  return parsed;
}

/// Whether somebody listens there. CAF's own connecting waits for minutes for a host that is down, and everybody else
/// behind it.
bool is_listening(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return false;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    const int socket = ::socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
    if (socket < 0) continue;
    pollfd connecting{socket, POLLOUT, 0};
    int error = 0;
    socklen_t size = sizeof error;
    const bool is_open = ::connect(socket, at->ai_addr, at->ai_addrlen) == 0 ||
                         (errno == EINPROGRESS && ::poll(&connecting, 1, kProbeTimeoutMs) == 1 &&
                          ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0);
    ::close(socket);
    if (is_open) return true;
  }
  return false;
}

/// Asks it on a thread of its own.
caf::behavior prober(caf::event_based_actor* self, const HostPort& at) {
  return {[self, at](caf::connect_atom) {
    self->quit();
    return is_listening(at.host, at.port);
  }};
}

/// Another node as this one reaches it.
struct Peer {
  caf::actor server;  // none while it is being connected to
  bool is_connecting = false;
  std::vector<PeerRequestPtr> waiting;  // for the connection
};

struct ClientState {
  std::unordered_map<std::string, Peer> peers;  // by address
};
using Client = caf::stateful_actor<ClientState>;

void send(Client* self, const std::string& address, const PeerRequestPtr& request, std::chrono::milliseconds timeout) {
  self->request(self->state.peers[address].server, timeout, request->bytes)
      .then(
          [request](const std::string& bytes) {
            ForwardReply reply{Kind::kAnswered, {}};
            if (!reply.outcome.ParseFromString(bytes)) reply.kind = Kind::kLost;
            request->done(std::move(reply));
          },
          [self, address, request](const caf::error&) {
            // Late or broken: the next command begins with a new connection.
            self->state.peers.erase(address);
            request->done({Kind::kLost, {}});
          });
}

void connect(Client* self, const std::string& address, const caf::actor& middleman, std::chrono::milliseconds timeout) {
  Peer& peer = self->state.peers[address];
  peer.is_connecting = true;
  const auto fail_waiting = [self, address] {
    auto failed = self->state.peers.extract(address);
    if (failed.empty()) return;
    for (const PeerRequestPtr& request : failed.mapped().waiting) request->done({Kind::kNotSent, {}});
  };
  const auto at = parse_address(address);
  if (!at) return fail_waiting();
  const auto use = [self, address, timeout, fail_waiting](const caf::node_id&, const caf::strong_actor_ptr& server,
                                                          const std::set<std::string>&) {
    if (server == nullptr) return fail_waiting();
    Peer& reached = self->state.peers[address];
    reached.server = caf::actor_cast<caf::actor>(server);
    reached.is_connecting = false;
    self->monitor(reached.server);
    for (const PeerRequestPtr& request : std::exchange(reached.waiting, {})) send(self, address, request, timeout);
  };
  const auto give_up = [fail_waiting](const caf::error&) { fail_waiting(); };
  self->request(self->spawn<caf::detached>(prober, *at), kConnectTimeout, caf::connect_atom::value)
      .then(
          [self, middleman, at, use, give_up, fail_waiting](bool is_there) {
            if (!is_there) return fail_waiting();
            self->request(middleman, kConnectTimeout, caf::connect_atom::value, at->host, at->port).then(use, give_up);
          },
          give_up);
}

caf::behavior client(Client* self, const caf::actor& middleman, std::chrono::milliseconds timeout) {
  self->set_down_handler([self](const caf::down_msg& down) {
    std::erase_if(self->state.peers, [&](const auto& entry) {
      return entry.second.server && entry.second.server.address() == down.source;
    });
  });
  return {[self, middleman, timeout](const PeerRequestPtr& request) {
    after_receiving(request.get());
    Peer& peer = self->state.peers[request->address];
    if (peer.server) return send(self, request->address, request, timeout);
    peer.waiting.push_back(request);
    if (!peer.is_connecting) connect(self, request->address, middleman, timeout);
  }};
}

struct ServerState {
  std::uint64_t numbers = 0;
  std::unordered_map<std::uint64_t, caf::typed_response_promise<std::string>> promises;
};
using Server = caf::stateful_actor<ServerState>;

/// Completed by a partition actor; the promise belongs to the server actor, so the answer goes there.
class PeerSink final : public OutcomeSink {
 public:
  PeerSink(caf::actor server, std::uint64_t number) : server_(std::move(server)), number_(number) {}
  void complete(Outcome outcome) override {
    send_shared(server_,
                std::make_shared<const PeerAnswer>(PeerAnswer{number_, to_forwarded(outcome).SerializeAsString()}));
  }
  [[nodiscard]] Origin origin() const override { return Origin::kPeer; }

 private:
  const caf::actor server_;
  const std::uint64_t number_;
};

caf::behavior server(Server* self, const PeerSubmit& submit) {
  return {
      [self, submit](const std::string& bytes) -> caf::result<std::string> {
        auto promise = self->make_response_promise<std::string>();
        v1::Command command;
        if (!command.ParseFromString(bytes)) {
          return promise.deliver(to_forwarded(tl::unexpected(Rejection{RejectionCode::kInvalidInput,
                                                                       "A node sent what this one can't read.", 0}))
                                     .SerializeAsString());
        }
        const std::uint64_t number = ++self->state.numbers;
        self->state.promises.emplace(number, promise);
        submit(std::move(command), std::make_unique<PeerSink>(caf::actor(self), number));
        return promise;
      },
      [self](const PeerAnswerPtr& answer) {
        after_receiving(answer.get());
        auto promise = self->state.promises.extract(answer->number);
        if (!promise.empty()) promise.mapped().deliver(answer->bytes);
      },
  };
}

caf::actor middleman_of(caf::actor_system& system, const ClusterOptions& options) {
  return caf::actor_cast<caf::actor>(uses_tls(options) ? system.openssl_manager().actor_handle()
                                                       : system.middleman().actor_handle());
}

}  // namespace

void load_peer_modules(caf::actor_system_config& config, const ClusterOptions& options) {
  config.load<caf::io::middleman>();
  if (!uses_tls(options)) return;
  config.openssl_certificate = options.tls_certificate_file;
  config.openssl_key = options.tls_key_file;
  config.openssl_cafile = options.tls_ca_file;
  config.load<caf::openssl::manager>();
}

caf::actor spawn_peer_client(caf::actor_system& system, const ClusterOptions& options) {
  return system.spawn(client, middleman_of(system, options), std::chrono::milliseconds(options.forward_timeout_ms));
}

Result<PeerServer> spawn_peer_server(caf::actor_system& system, const ClusterOptions& options, PeerSubmit submit) {
  if (!uses_tls(options) && !is_loopback(options.listen_address)) {
    return fail(ErrorCode::kInvalidArgument, "nodes would take each other's commands from anybody who can reach them",
                "cluster.address = " + options.listen_address,
                "set cluster.tls_certificate_file, tls_key_file and tls_ca_file, or listen at 127.0.0.1");
  }
  if (uses_tls(options) && (options.tls_key_file.empty() || options.tls_ca_file.empty())) {
    return fail(ErrorCode::kInvalidArgument, "TLS between nodes needs certificate, key and CA", "cluster",
                "set cluster.tls_certificate_file, tls_key_file and tls_ca_file");
  }
  PeerServer made{system.spawn(server, std::move(submit)), 0};
  const char* address = options.listen_address.c_str();
  const auto port = uses_tls(options) ? caf::openssl::publish(made.actor, options.port, address)
                                      : system.middleman().publish(made.actor, options.port, address);
  if (!port) {
    caf::anon_send_exit(made.actor, caf::exit_reason::user_shutdown);
    return fail(ErrorCode::kIo, "the port for other nodes can't be bound: " + system.render(port.error()),
                options.listen_address + ":" + std::to_string(options.port),
                "another process may hold it: choose one with cluster.port");
  }
  made.port = *port;
  return made;
}

}  // namespace keyfold::actors
