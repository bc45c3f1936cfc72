#include "ops/cli/operator_server.h"

#include <httplib.h>

#include <atomic>
#include <charconv>
#include <thread>

#include "ops/cli/event_page.h"
#include "ops/cli/usage_page.h"

namespace keyfold::ops {
namespace {

constexpr std::size_t kThreads = 4;
constexpr std::size_t kEventsDefault = 100;
constexpr std::size_t kEventsMax = 1'000;
constexpr time_t kIoTimeoutSeconds = 10;
constexpr const char* kText = "text/plain; charset=utf-8";

/// An unsigned number of the query; `fallback` when it is not there, nothing when it is no number.
std::optional<std::uint64_t> number_of(const httplib::Request& request, const char* name, std::uint64_t fallback) {
  if (!request.has_param(name)) return fallback;
  const std::string text = request.get_param_value(name);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

void refuse(httplib::Response& response, int status, const std::string& text) {
  response.status = status;
  response.set_content(text + "\n", kText);
}

void answer_events(const events::Log& log, const httplib::Request& request, httplib::Response& response) {
  const auto partition = number_of(request, "partition", 0);
  const auto from = number_of(request, "from", 0);
  const auto limit = number_of(request, "limit", kEventsDefault);
  if (!partition || !from || !limit || *limit == 0 || *limit > kEventsMax) {
    return refuse(response, 400,
                  "partition and from are numbers from 0 on, limit one of 1 to " + std::to_string(kEventsMax));
  }
  if (*partition >= log.partitions()) {
    return refuse(response, 404, "the log has partitions 0 to " + std::to_string(log.partitions() - 1));
  }
  const auto page = read_event_page(log, static_cast<events::PartitionId>(*partition), *from, *limit);
  if (!page) return refuse(response, 500, page.error().to_string());
  response.set_header("X-Keyfold-Next", std::to_string(page->next));
  response.set_header("X-Keyfold-Partitions", std::to_string(log.partitions()));
  response.set_content(page->lines, "application/x-ndjson");
}

void answer_usage(const events::UsageLog& log, const httplib::Request& request, httplib::Response& response) {
  const auto from = number_of(request, "from", 0);
  const auto limit = number_of(request, "limit", kEventsDefault);
  if (!from || !limit || *limit == 0 || *limit > kEventsMax) {
    return refuse(response, 400, "from is a number from 0 on, limit one of 1 to " + std::to_string(kEventsMax));
  }
  const auto page = read_usage_page(log, *from, *limit);
  if (!page) return refuse(response, 500, page.error().to_string());
  response.set_header("X-Keyfold-Next", std::to_string(page->next));
  response.set_content(page->lines, "application/x-ndjson");
}

void answer_digest(const projections::Projections& projections, httplib::Response& response) {
  const auto digests = projections.digest();
  if (!digests) return refuse(response, 500, digests.error().to_string());
  std::string lines;
  for (const auto& digest : *digests) lines += digest.to_string() + "\n";
  response.set_content(lines, kText);
}

int status_of(const Error& error) {
  if (error.code == ErrorCode::kInvalidArgument) return 400;
  return error.code == ErrorCode::kNotFound ? 404 : 500;
}

void answer_json(const Result<nlohmann::ordered_json>& answer, httplib::Response& response) {
  if (!answer) return refuse(response, status_of(answer.error()), answer.error().to_string());
  response.set_content(answer->dump() + "\n", "application/json");
}

void answer_rotation(VaultAdmin& vault, const httplib::Request& request, httplib::Response& response) {
  if (request.has_param("ring")) return answer_json(vault.rotate(request.get_param_value("ring")), response);
  const auto before = number_of(request, "before", 0);
  if (!before) return refuse(response, 400, "before is a time in Unix milliseconds");
  answer_json(vault.rotate_all(static_cast<std::int64_t>(*before)), response);
}

/// A page in a browser on this machine can send a plain POST anywhere, but no header of its own.
httplib::Server::Handler from_operator(const std::function<void(const httplib::Request&, httplib::Response&)>& answer) {
  return [answer](const httplib::Request& request, httplib::Response& response) {
    if (!request.has_header("X-Keyfold-Operator"))
      return refuse(response, 403, "the header X-Keyfold-Operator is missing");
    answer(request, response);
  };
}

/// Not httplib's own options: those share the port with any other process that asks for it.
void set_socket_options(socket_t socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
}

}  // namespace

struct OperatorServer::Impl {
  explicit Impl(Sources from) : sources(std::move(from)) {
    server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server.set_socket_options(set_socket_options);
    server.set_payload_max_length(0);
    server.set_read_timeout(kIoTimeoutSeconds);
    server.set_write_timeout(kIoTimeoutSeconds);
    add_pages();
    if (sources.vault != nullptr) add_vault_pages(*sources.vault);
  }

  void add_vault_pages(VaultAdmin& vault) {
    server.Get("/vault/status", [&vault](const httplib::Request&, httplib::Response& response) {
      answer_json(vault.status(), response);
    });
    server.Post("/vault/rewrap", from_operator([&vault](const httplib::Request&, httplib::Response& response) {
                  answer_json(vault.rewrap(), response);
                }));
    server.Post("/vault/rotate", from_operator([&vault](const httplib::Request& request, httplib::Response& response) {
                  answer_rotation(vault, request, response);
                }));
  }

  void add_pages() {
    server.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(sources.metrics.render(), "text/plain; version=0.0.4; charset=utf-8");
    });
    server.Get("/health/live",
               [](const httplib::Request&, httplib::Response& response) { response.set_content("live\n", kText); });
    server.Get("/health/ready", [this](const httplib::Request&, httplib::Response& response) {
      if (!ready) return refuse(response, 503, "not ready");
      const Status state = sources.readiness ? sources.readiness() : Status();
      if (!state) return refuse(response, 503, "not ready: " + state.error().to_string());
      response.set_content("ready\n", kText);
    });
    server.Get("/digest", [this](const httplib::Request&, httplib::Response& response) {
      answer_digest(sources.projections, response);
    });
    server.Get("/events", [this](const httplib::Request& request, httplib::Response& response) {
      answer_events(sources.log, request, response);
    });
    server.Get("/usage", [this](const httplib::Request& request, httplib::Response& response) {
      answer_usage(sources.usage, request, response);
    });
    server.Get("/cluster", [this](const httplib::Request&, httplib::Response& response) {
      if (!sources.cluster) return refuse(response, 404, "this server is alone: its log is in its data directory");
      answer_json(sources.cluster(), response);
    });
    server.Get("/audit/logs", [this](const httplib::Request&, httplib::Response& response) {
      if (!sources.audit_logs) return refuse(response, 404, "this server has no audit logs");
      answer_json(sources.audit_logs(), response);
    });
    server.Get("/version", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("{\"version\":\"" KEYFOLD_VERSION "\"}\n", "application/json");
    });
  }

  const Sources sources;
  std::atomic<bool> ready{false};
  std::atomic<bool> ended{false};
  std::uint16_t port = 0;
  httplib::Server server;
  std::thread thread;
};

OperatorServer::OperatorServer(Sources sources) : impl_(std::make_unique<Impl>(std::move(sources))) {}

OperatorServer::~OperatorServer() {
  if (!impl_->thread.joinable()) return;
  impl_->server.stop();
  impl_->thread.join();
}

Status OperatorServer::start(const std::string& address, std::uint16_t port) {
  Impl& impl = *impl_;
  const int bound =
      port == 0 ? impl.server.bind_to_any_port(address) : (impl.server.bind_to_port(address, port) ? port : -1);
  if (bound <= 0) {
    return fail(ErrorCode::kIo, "the operator's listener can't be bound", address + ":" + std::to_string(port),
                "another process may hold the port: choose one with operator.port or --operator-port");
  }
  impl.port = static_cast<std::uint16_t>(bound);
  impl.thread = std::thread([&impl] {
    impl.server.listen_after_bind();
    impl.ended = true;
  });
  // stop() does nothing before the loop has begun.
  while (!impl.server.is_running() && !impl.ended) std::this_thread::yield();
  return {};
}

std::uint16_t OperatorServer::port() const { return impl_->port; }
void OperatorServer::become_ready() { impl_->ready = true; }
void OperatorServer::become_unready() { impl_->ready = false; }

}  // namespace keyfold::ops
