#pragma once

// Private to actors/: it knows CAF.

#include <caf/all.hpp>
#include <functional>
#include <memory>
#include <string>

#include "actors/cluster/partition_replica.h"

namespace keyfold::actors {

/// A command on its way to another node.
struct PeerRequest {
  std::string address;  // "host:port"
  std::string bytes;    // serialized v1::Command
  /// Told once what came of it, on the client actor's thread; must not block.
  std::function<void(ForwardReply)> done;
};
using PeerRequestPtr = std::shared_ptr<PeerRequest>;

/// An answer for another node that a runtime thread hands back to the server actor.
struct PeerAnswer {
  std::uint64_t number = 0;
  std::string bytes;  // serialized v1::ForwardedOutcome
};
using PeerAnswerPtr = std::shared_ptr<const PeerAnswer>;

/// Takes a command of another node; the sink is completed on any thread.
using PeerSubmit = std::function<void(v1::Command command, std::unique_ptr<OutcomeSink> sink)>;

/// Modules for talking to other nodes, with mutual TLS where it is configured.
void load_peer_modules(caf::actor_system_config& config, const ClusterOptions& options);

/// Sends commands to other nodes over connections that it makes when they are needed. Takes a PeerRequestPtr.
[[nodiscard]] caf::actor spawn_peer_client(caf::actor_system& system, const ClusterOptions& options);

/// Receives other nodes' commands at a port, which is returned with the actor. kIo when it can't be bound,
/// kInvalidArgument for an address that anybody may reach without TLS.
struct PeerServer {
  caf::actor actor;
  std::uint16_t port = 0;
};
[[nodiscard]] Result<PeerServer> spawn_peer_server(caf::actor_system& system, const ClusterOptions& options,
                                                   PeerSubmit submit);

}  // namespace keyfold::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyfold::actors::PeerRequestPtr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(keyfold::actors::PeerAnswerPtr)
