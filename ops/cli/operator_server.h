#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "events/log.h"
#include "events/usage_log.h"
#include "gateway/api/metrics.h"
#include "ops/cli/vault_admin.h"
#include "projections/projections.h"

namespace keyfold::ops {

/// The operator's listener, without authentication, for loopback or a private network only:
///   GET /metrics       Prometheus' text format
///   GET /health/live   200 while the process answers
///   GET /health/ready  200 while the public listener takes requests, else 503
///   GET /digest        digest lines of the live read models
///   GET /events?partition=P&from=N&limit=N  events as JSON lines, at most 1,000; header X-Keyfold-Next says where to
///                      go on, X-Keyfold-Partitions how many partitions there are
///   GET /usage?from=N&limit=N  usage events as JSON lines, of at most 1,000 batches; header X-Keyfold-Next says where
///   to
///                      go on
///   GET /vault/status, POST /vault/rewrap, POST /vault/rotate?ring=R or ?before=N: see VaultAdmin. A POST needs a
///   header
///                      X-Keyfold-Operator, which no web page can send here; 404 without a VaultAdmin
///   GET /cluster       who owns which partition, see ops::cluster_status; 404 without a cluster
///   GET /audit/logs    names, public keys and sizes of the audit logs
///   GET /version       {"version":"0.1.0"}
/// Threads of its own (4). Thread-safe.
class OperatorServer {
 public:
  struct Sources {
    const events::Log& log;
    const projections::Projections& projections;
    const api::Metrics& metrics;
    const events::UsageLog& usage;
    VaultAdmin* vault = nullptr;
    std::function<nlohmann::ordered_json()> cluster;  // none: alone
    std::function<Status()> readiness;                // why not, beyond the listener's state; none: nothing
    std::function<nlohmann::ordered_json()> audit_logs;
  };
  /// All sources outlive the server.
  explicit OperatorServer(Sources sources);
  ~OperatorServer();  // stops
  OperatorServer(const OperatorServer&) = delete;
  OperatorServer& operator=(const OperatorServer&) = delete;

  /// Binds and starts; port 0 is any free one.
  [[nodiscard]] Status start(const std::string& address, std::uint16_t port);
  [[nodiscard]] std::uint16_t port() const;

  /// What /health/ready says; not ready at first.
  void become_ready();
  void become_unready();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold::ops
