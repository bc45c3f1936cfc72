#include "gateway/api/api.h"

#include <cstdio>
#include <cstdlib>
#include <unordered_map>

#include "gateway/api/access_log.h"
#include "gateway/api/audit_log/files.h"
#include "gateway/api/call_reader.h"
#include "gateway/api/elapsed.h"
#include "gateway/api/endpoint.h"
#include "gateway/api/event/subscribe.h"
#include "gateway/api/key/verification.h"
#include "gateway/api/key/verification_usage.h"
#include "gateway/api/metrics.h"
#include "gateway/api/mutation.h"
#include "gateway/api/public_pages.h"
#include "gateway/api/request_allowance.h"
#include "gateway/subscriptions/hub.h"
#include "schemas/base/random.h"
#include "schemas/base/worker_pool.h"

namespace keyfold::api {
namespace {

constexpr int kWorkers = 2;
constexpr std::size_t kJobsMax = 10'000;
constexpr std::int64_t kPositionWaitMs = 5'000;
constexpr int kIdRetriesMax = 5;
constexpr std::string_view kVerifyPath = "/v2/keys.verifyKey";

struct Route {
  std::size_t metrics_id = 0;
  const Endpoint* endpoint = nullptr;  // either this
  const PublicPage* page = nullptr;    // or this
  bool is_verification = false;
  bool is_subscription = false;

  [[nodiscard]] bool is_read() const { return page != nullptr || is_subscription; }  // by GET and HEAD, else POST
};

RequestSchemas load_schemas() {
  auto schemas = RequestSchemas::from_openapi(openapi_document());
  if (schemas) return *std::move(schemas);
  std::fprintf(stderr, "the built-in OpenAPI document can't be used: %s\n", schemas.error().to_string().c_str());
  std::abort();
}

// Everything but what the routes and the body say.
std::shared_ptr<Call> make_call(const http::Request& request, const Headers& headers, const Route& route,
                                std::int64_t started_ns, std::int64_t time_ms) {
  auto call = std::make_shared<Call>();
  call->endpoint = route.endpoint;
  call->route = route.metrics_id;
  call->started_ns = started_ns;
  call->time_ms = time_ms;
  call->bytes_in = request.body.size();
  call->request_id = make_id("req");
  call->client_request_id = headers.request_id;
  call->method = request.method;
  call->path = request.path;
  call->accept = headers.accept;
  call->client_ip = request.client_ip();
  call->user_agent = headers.user_agent;
  return call;
}

}  // namespace

struct Api::Impl {
  explicit Impl(Services services_in);

  std::optional<http::Response> handle(const http::Request& request, http::Exchange& exchange);
  std::optional<http::Response> answer_plain_verification(const http::Request& request, const Headers& headers,
                                                          const Route& route, std::int64_t started_ns);
  std::optional<http::Response> answer_call(const http::Request& request, const Headers& headers, const Route& route,
                                            std::int64_t started_ns, http::Exchange& exchange);
  std::optional<http::Response> answer_subscription(const http::Request& request, const Headers& headers,
                                                    const Route& route, std::int64_t started_ns,
                                                    http::Exchange& exchange);
  std::optional<http::Response> answer_audit_file(const http::Request& request, const Headers& headers,
                                                  std::int64_t started_ns, http::Exchange& exchange);
  http::Response refuse_route(const http::Request& request, const Headers& headers, std::size_t metrics_id,
                              std::int64_t started_ns, const ApiError& error);
  void run_on_pool(const std::shared_ptr<const Call>& call, http::Completion completion);
  void run(const std::shared_ptr<const Call>& call, const std::shared_ptr<http::Completion>& completion, int attempt);
  void submit_plan(const std::shared_ptr<const Call>& call, Plan plan,
                   const std::shared_ptr<http::Completion>& completion, int attempt);
  [[nodiscard]] bool must_wait(const Call& call) const;

  http::Response finish_data(const Call& call, const Data& data);
  http::Response finish_command(const Call& call, const Concluded& concluded);
  http::Response finish_error(const Call& call, const ApiError& error);
  http::Response finish(const Call& call, http::Response response, std::string_view error_type);

  Services services;
  RequestSchemas schemas;
  std::unordered_map<std::string_view, Route> routes;
  std::size_t unknown_route = 0;
  const Finish finishes{
      [this](const Call& call, http::Response response) { return finish(call, std::move(response), {}); },
      [this](const Call& call, const ApiError& error) { return finish_error(call, error); }};
  std::size_t audit_route = 0;
  WorkerPool pool;  // the last member: its jobs use the others
};

Api::Impl::Impl(Services services_in) : services(services_in), schemas(load_schemas()), pool(kWorkers, kJobsMax) {
  unknown_route = services.metrics.add_route("unknown");
  audit_route = services.metrics.add_route("/audit");
  for (const Endpoint& endpoint : endpoints()) {
    routes[endpoint.path] = {services.metrics.add_route(std::string(endpoint.path)), &endpoint, nullptr,
                             endpoint.path == kVerifyPath};
  }
  for (const PublicPage& page : public_pages()) {
    routes[page.path] = {services.metrics.add_route(std::string(page.path)), nullptr, &page, false};
  }
  routes[kSubscribePath] = {.metrics_id = services.metrics.add_route(std::string(kSubscribePath)),
                            .is_subscription = true};
  for (std::size_t code = 0; code < kVerifyCodeCount; ++code) {
    services.metrics.add_verification_code(std::string(to_string(static_cast<VerifyCode>(code))));
  }
}

std::optional<http::Response> Api::Impl::handle(const http::Request& request, http::Exchange& exchange) {
  const std::int64_t started_ns = monotonic_ns();
  const Headers headers = read_headers(request);
  const auto found = routes.find(request.path);
  if (found == routes.end() && request.path.starts_with(kAuditPrefix)) {
    return answer_audit_file(request, headers, started_ns, exchange);
  }
  if (found == routes.end()) {
    return refuse_route(request, headers, unknown_route, started_ns, path_not_found(request.path));
  }
  const Route& route = found->second;
  const bool is_allowed =
      route.is_read() ? request.method == "GET" || request.method == "HEAD" : request.method == "POST";
  if (!is_allowed) {
    const std::string_view allowed = route.is_read() ? "GET, HEAD" : "POST";
    auto response = refuse_route(request, headers, route.metrics_id, started_ns, method_not_allowed(allowed));
    response.headers.emplace_back("Allow", allowed);
    return response;
  }
  if (route.page != nullptr) {
    const auto call = make_call(request, headers, route, started_ns, services.clock.now_ms());
    return finish(*call, route.page->render(call->request_id), {});
  }
  if (route.is_subscription) return answer_subscription(request, headers, route, started_ns, exchange);
  if (route.is_verification) {
    if (auto answer = answer_plain_verification(request, headers, route, started_ns)) return answer;
  }
  return answer_call(request, headers, route, started_ns, exchange);
}

// The hot path: a verification in its plain form that succeeds or fails without a credit to spend. Whatever is out of
// the ordinary, errors included, is left to the general path, so that there is one place that explains them. It judges
// anew, so nothing may be charged before it is clear that the answer is given here.
std::optional<http::Response> Api::Impl::answer_plain_verification(const http::Request& request, const Headers& headers,
                                                                   const Route& route, std::int64_t started_ns) {
  if (!headers.idempotency_key.empty() || !headers.position.empty() || !is_json(headers.content_type)) {
    return std::nullopt;
  }
  auto asked = parse_plain_verify_request(request.body);
  if (!asked) return std::nullopt;
  asked->client_ip = request.client_ip();
  const std::int64_t now_ms = services.clock.now_ms();
  const auto caller = authenticate(headers.authorization, services.projections.root_keys(), now_ms);
  if (!caller || (*caller)->workspace->requests_per_minute_max()) return std::nullopt;
  auto verdict = judge(*asked, **caller, services.projections.keys((*caller)->partition), now_ms);
  if (!verdict || verdict->must_spend) return std::nullopt;
  charge_ratelimits(*verdict, services.windows, now_ms);
  const std::string request_id = make_id("req");
  http::Response response;
  response.body.reserve(512);
  response.body.append(R"({"meta":{"requestId":")").append(request_id).append(R"("},"data":)");
  append_answer(response.body, *verdict);
  response.body += '}';
  services.metrics.count_verification(static_cast<std::size_t>(verdict->code));
  record_verification(services.usage, {request_id, (*caller)->workspace_id, now_ms, started_ns, asked->tags}, *verdict,
                      0);
  const std::int64_t duration_ns = monotonic_ns() - started_ns;
  services.metrics.observe(route.metrics_id, response.status, duration_ns);
  if (services.access_log.wants(response.status)) {
    services.access_log.write({.request_id = request_id,
                               .client_request_id = headers.request_id,
                               .method = request.method,
                               .path = request.path,
                               .status = response.status,
                               .duration_us = duration_ns / 1000,
                               .bytes_in = request.body.size(),
                               .bytes_out = response.body.size(),
                               .root_key_id = (*caller)->root_key_id,
                               .workspace_id = (*caller)->workspace_id,
                               .client_ip = request.client_ip(),
                               .user_agent = headers.user_agent});
  }
  return response;
}

std::optional<http::Response> Api::Impl::answer_call(const http::Request& request, const Headers& headers,
                                                     const Route& route, std::int64_t started_ns,
                                                     http::Exchange& exchange) {
  const auto call = make_call(request, headers, route, started_ns, services.clock.now_ms());
  if (const auto error = read_call(request, headers, schemas, services.projections, *call)) {
    return finish_error(*call, *error);
  }
  const Endpoint& endpoint = *route.endpoint;
  if (endpoint.access != Access::kPublic) {
    if (const auto error = charge_workspace(*call, services.windows)) return finish_error(*call, *error);
  }
  const bool may_block = endpoint.scans || call->idempotency || must_wait(*call) ||
                         (endpoint.may_block != nullptr && endpoint.may_block(*call));
  if (may_block) {
    run_on_pool(call, exchange.later());
    return std::nullopt;
  }
  auto step = route.endpoint->run(*call, services);
  if (!step) return finish_error(*call, step.error());
  if (const auto* data = std::get_if<Data>(&*step)) return finish_data(*call, *data);
  submit_plan(call, std::get<Plan>(*std::move(step)), std::make_shared<http::Completion>(exchange.later()), 1);
  return std::nullopt;
}

std::optional<http::Response> Api::Impl::answer_subscription(const http::Request& request, const Headers& headers,
                                                             const Route& route, std::int64_t started_ns,
                                                             http::Exchange& exchange) {
  const auto call = make_call(request, headers, route, started_ns, services.clock.now_ms());
  auto principal = authenticate(headers.authorization, services.projections.root_keys(), call->time_ms);
  if (!principal) return finish_error(*call, principal.error());
  call->principal = *std::move(principal);
  if (const auto error = charge_workspace(*call, services.windows)) return finish_error(*call, *error);
  if (const auto error = subscribe(request, headers, call, services, finishes, exchange)) {
    return finish_error(*call, *error);
  }
  return std::nullopt;
}

std::optional<http::Response> Api::Impl::answer_audit_file(const http::Request& request, const Headers& headers,
                                                           std::int64_t started_ns, http::Exchange& exchange) {
  const auto call = make_call(request, headers, {.metrics_id = audit_route}, started_ns, services.clock.now_ms());
  if (request.method != "GET" && request.method != "HEAD") {
    auto response = finish_error(*call, method_not_allowed("GET, HEAD"));
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  const auto file = parse_audit_path(request.path, services.audit.partitions());
  if (!file) return finish_error(*call, path_not_found(request.path));
  if (needs_permission(*file, services)) {
    const auto caller = authenticate(headers.authorization, services.projections.root_keys(), call->time_ms);
    if (!caller) return finish_error(*call, caller.error());
    call->principal = *caller;
    if (const auto error = charge_workspace(*call, services.windows)) return finish_error(*call, *error);
    if (!call->may({{std::string(kReadEntries), {}}})) return finish_error(*call, missing_permission(kReadEntries));
  }
  const auto answer = [this, call, file = *file] {
    auto response = read_audit_file(file, services);
    return response ? finish(*call, *std::move(response), {}) : finish_error(*call, response.error());
  };
  if (file->kind != AuditFile::Kind::kEntries) return answer();
  const auto completion = std::make_shared<http::Completion>(exchange.later());
  if (!pool.submit([answer, completion] { (*completion)(answer()); })) {
    (*completion)(finish_error(*call, overloaded("Too many requests wait for a worker. Try again.")));
  }
  return std::nullopt;
}

http::Response Api::Impl::refuse_route(const http::Request& request, const Headers& headers, std::size_t metrics_id,
                                       std::int64_t started_ns, const ApiError& error) {
  const auto call = make_call(request, headers, {.metrics_id = metrics_id}, started_ns, 0);
  return finish_error(*call, error);
}

void Api::Impl::run_on_pool(const std::shared_ptr<const Call>& call, http::Completion completion) {
  const auto shared = std::make_shared<http::Completion>(std::move(completion));
  if (!pool.submit([this, call, shared] { run(call, shared, 1); })) {
    (*shared)(finish_error(*call, overloaded("Too many requests wait for a worker. Try again.")));
  }
}

void Api::Impl::run(const std::shared_ptr<const Call>& call, const std::shared_ptr<http::Completion>& completion,
                    int attempt) {
  if (call->after && !services.projections.wait(*call->after, kPositionWaitMs)) {
    return (*completion)(finish_error(*call, position_not_reached()));
  }
  auto step = call->endpoint->run(*call, services);
  const bool is_plan = step && std::holds_alternative<Plan>(*step);
  if (is_plan) return submit_plan(call, std::get<Plan>(*std::move(step)), completion, attempt);
  // What the request was about may be gone since it was first answered, by itself even.
  if (call->idempotency) {
    if (const auto recorded = find_recorded(services, *call)) return (*completion)(finish_command(*call, *recorded));
  }
  if (!step) return (*completion)(finish_error(*call, step.error()));
  (*completion)(finish_data(*call, std::get<Data>(*step)));
}

void Api::Impl::submit_plan(const std::shared_ptr<const Call>& call, Plan plan,
                            const std::shared_ptr<http::Completion>& completion, int attempt) {
  const auto conclude = [this, completion](const std::shared_ptr<const Call>& done, const Concluded& concluded) {
    (*completion)(finish_command(*done, concluded));
  };
  const auto retry = [this, completion, attempt](const std::shared_ptr<const Call>& again) {
    const bool is_queued = attempt < kIdRetriesMax &&
                           pool.submit([this, again, completion, attempt] { run(again, completion, attempt + 1); });
    if (!is_queued) (*completion)(finish_error(*again, unexpected_error()));
  };
  submit(services, call, std::move(plan), conclude, retry);
}

bool Api::Impl::must_wait(const Call& call) const {
  return call.after && services.projections.next(call.after->partition) <= call.after->sequence;
}

http::Response Api::Impl::finish_data(const Call& call, const Data& data) {
  const Pagination* pagination = data.pagination ? &*data.pagination : nullptr;
  return finish(call, {.body = render_envelope(call.request_id, data.json, pagination)}, {});
}

http::Response Api::Impl::finish_command(const Call& call, const Concluded& concluded) {
  if (!concluded.data_json) return finish_error(call, concluded.data_json.error());
  http::Response response{.body = render_envelope(call.request_id, *concluded.data_json, nullptr)};
  if (concluded.position) response.headers.emplace_back("X-Keyfold-Position", to_string(*concluded.position));
  if (concluded.was_replayed) response.headers.emplace_back("Idempotency-Replayed", "true");
  return finish(call, std::move(response), {});
}

http::Response Api::Impl::finish_error(const Call& call, const ApiError& error) {
  return finish(call, render_error(call.request_id, error, call.accept), error.type);
}

http::Response Api::Impl::finish(const Call& call, http::Response response, std::string_view error_type) {
  if (call.endpoint != nullptr && call.endpoint->no_store) {
    response.headers.emplace_back("Cache-Control", "no-store");
    response.headers.emplace_back("Pragma", "no-cache");
  }
  add_allowance_headers(call, response);
  const std::int64_t duration_ns = monotonic_ns() - call.started_ns;
  services.metrics.observe(call.route, response.status, duration_ns);
  if (services.access_log.wants(response.status)) {
    const bool is_known = call.principal != nullptr;
    services.access_log.write({.request_id = call.request_id,
                               .client_request_id = call.client_request_id,
                               .method = call.method,
                               .path = call.path,
                               .status = response.status,
                               .duration_us = duration_ns / 1000,
                               .bytes_in = call.bytes_in,
                               .bytes_out = response.body.size(),
                               .root_key_id = is_known ? std::string_view(call.principal->root_key_id) : "",
                               .workspace_id = is_known ? std::string_view(call.principal->workspace_id) : "",
                               .client_ip = call.client_ip,
                               .user_agent = call.user_agent,
                               .error_type = error_type});
  }
  return response;
}

Api::Api(Services services) : impl_(std::make_unique<Impl>(services)) {}
Api::~Api() { impl_->services.subscriptions.stop(); }  // they ask the API about their callers

std::optional<http::Response> Api::handle(const http::Request& request, http::Exchange& exchange) {
  return impl_->handle(request, exchange);
}

}  // namespace keyfold::api
