#include "ops/cli/service.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "gateway/api/access_log.h"
#include "gateway/api/api.h"
#include "gateway/api/metrics.h"
#include "gateway/http/server.h"
#include "gateway/subscriptions/hub.h"
#include "ops/cli/audit_proof_commands.h"
#include "ops/cli/background_metrics.h"
#include "ops/cli/cluster.h"
#include "ops/cli/housekeeping.h"
#include "ops/cli/node.h"
#include "ops/cli/node_metrics.h"
#include "ops/cli/operator_server.h"
#include "ops/cli/runtime_file.h"
#include "ops/cli/subscription_metrics.h"
#include "ops/cli/vault_admin.h"
#include "ops/cli/webhook_settings.h"

namespace keyfold::ops {

// Members are destroyed from the last to the first: what asks before what is asked.
struct Service::Impl {
  v1::Config config;
  Paths paths;
  std::unique_ptr<Node> node;
  std::unique_ptr<Housekeeping> housekeeping;
  std::unique_ptr<VaultAdmin> vault_admin;
  api::Metrics metrics;
  std::unique_ptr<api::AccessLog> access_log;
  std::unique_ptr<subscriptions::Hub> subscriptions;
  std::unique_ptr<api::Api> api;
  std::unique_ptr<http::Server> server;
  std::unique_ptr<ClusterReadiness> readiness;
  std::unique_ptr<OperatorServer> operator_server;

  Status open_node() {
    auto opened = Node::open(config);
    if (!opened) return tl::unexpected(opened.error());
    node = *std::move(opened);
    auto log = api::AccessLog::open(access_log_mode(config), config.access_log().file());
    if (!log) return tl::unexpected(log.error());
    access_log = *std::move(log);
    housekeeping = std::make_unique<Housekeeping>(*node, config);
    vault_admin = std::make_unique<VaultAdmin>(node->vault(), node->reseals(), node->clock(),
                                               [this] { housekeeping->wake_reseals(); });
    return {};
  }

  Status start_listeners() {
    auto webhooks = webhook_settings(config);
    if (!webhooks) return tl::unexpected(webhooks.error());
    subscriptions = std::make_unique<subscriptions::Hub>(node->log(), node->projections(), hub_options(config));
    api = std::make_unique<api::Api>(api::Services{
        node->projections(), node->runtime(), node->vault(), node->clock(), metrics, *access_log, node->windows(),
        node->usage(), node->usage_store(), config.usage().retention_days(), *subscriptions, node->log(), node->as_of(),
        node->audit(), node->audit_logs(), config.audit().public_() == "on", *std::move(webhooks)});
    server = std::make_unique<http::Server>(
        server_options(config),
        [this](const http::Request& request, http::Exchange& exchange) { return api->handle(request, exchange); },
        api::render_listener_error);
    metrics.add(make_node_metrics({node->log(), node->projections(), node->runtime(), *server, *access_log,
                                   node->windows(), node->usage_log(), node->usage(), node->clock(), node->audit(),
                                   node->audit_follower(), node->kafka_log()}));
    metrics.add(make_background_metrics(
        {node->vault(), node->refills(), node->reseals(), node->audit_logs(), node->webhooks(), node->snapshots()}));
    metrics.add(make_subscription_metrics(*subscriptions));
    OperatorServer::Sources sources{node->log(), node->projections(), metrics, node->usage_log(), vault_admin.get(), {},
                                    {}};
    if (const events::KafkaLog* kafka = node->kafka_log(); kafka != nullptr) {
      sources.cluster = [this, kafka] { return cluster_status(node->runtime(), *kafka); };
      readiness = std::make_unique<ClusterReadiness>(node->runtime(), *kafka, config.cluster().lag_ms_max());
      sources.readiness = [this] { return readiness->check(); };
    }
    sources.audit_logs = [this] { return audit_logs_json(node->audit_logs()); };
    operator_server = std::make_unique<OperatorServer>(std::move(sources));
    const auto port = static_cast<std::uint16_t>(config.operator_().port());
    if (Status started = operator_server->start(config.operator_().address(), port); !started) return started;
    return server->start();
  }
};

Service::Service() : impl_(std::make_unique<Impl>()) {}

Service::~Service() {
  if (!impl_->server) return;
  // Not stopped in order: the listener still asks the API, and the runtime answers it.
  impl_->housekeeping->stop();
  impl_->server->drain(0);
  impl_->node->runtime().drain();
  remove_runtime_file(impl_->paths);
}

Result<std::unique_ptr<Service>> Service::open(const v1::Config& config) {
  std::unique_ptr<Service> service(new Service());
  Impl& impl = *service->impl_;
  impl.config = config;
  impl.paths = paths_of(config);
  if (Status opened = impl.open_node(); !opened) return tl::unexpected(opened.error());
  if (Status started = impl.start_listeners(); !started) return tl::unexpected(started.error());
  return service;
}

std::string Service::address() const { return to_url(impl_->config.server().address(), impl_->server->port()); }
std::string Service::operator_address() const {
  return to_url(impl_->config.operator_().address(), impl_->operator_server->port());
}

Result<std::optional<Bootstrapped>> Service::bootstrap(const std::string& workspace_name) {
  Node& node = *impl_->node;
  return ops::bootstrap(node.projections(), node.runtime(), node.clock(), workspace_name);
}

Status Service::announce() {
  const RuntimeInfo info{::getpid(), address(), operator_address()};
  if (Status written = write_runtime_file(impl_->paths, info); !written) return written;
  impl_->operator_server->become_ready();
  spdlog::info("serving at {}", address());
  return {};
}

Status Service::stop() {
  spdlog::info("stopping: waiting for requests in flight");
  impl_->operator_server->become_unready();
  impl_->housekeeping->stop();
  impl_->server->drain(impl_->config.drain().timeout_ms());
  Status closed = impl_->node->close();
  remove_runtime_file(impl_->paths);
  spdlog::info("stopped");
  return closed;
}

}  // namespace keyfold::ops
