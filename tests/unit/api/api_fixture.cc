#include "tests/unit/api/api_fixture.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include "actors/submit.h"
#include "events/embedded_usage_log.h"
#include "projections/workspace.h"
#include "schemas/base/encoding.h"
#include "schemas/base/hash.h"
#include "schemas/base/random.h"
#include "tests/append_event.h"

namespace keyfold::api::testing {
ApiFixture::ApiFixture() { open(); }
ApiFixture::~ApiFixture() { close(); }

void ApiFixture::restart() {
  close();
  open();
}

void ApiFixture::restart_after(const std::string& workspace_id, const std::string& event) {
  close();
  {
    const auto stopped = events::EmbeddedLog::open({.directory = directory_.path() / "log"}).value();
    keyfold::testing::append_event(*stopped, workspace_id, event);
  }
  open();
}

void ApiFixture::open() {
  log = events::EmbeddedLog::open({.directory = directory_.path() / "log"}).value();
  projections = projections::Projections::open(directory_.path() / "projections", *log, {}).value();
  snapshots = std::make_unique<projections::Snapshots>(directory_.path() / "snapshots", 8);
  as_of = std::make_unique<projections::AsOf>(*log, *snapshots, directory_.path() / "as_of");
  audit = projections::AuditStore::open(directory_.path() / "audit", *log).value();
  audit_follower_ = std::make_unique<projections::AuditFollower>(*audit, [](const Error&) {});
  usage_log = events::EmbeddedUsageLog::open({.directory = directory_.path() / "usage"}).value();
  usage_store =
      projections::UsageStore::open({.directory = directory_.path() / "usage_projections"}, *usage_log).value();
  usage = std::make_unique<projections::UsageRecorder>(
      *usage_log, *usage_store, clock, projections::UsageRecorderOptions{.batch_interval_ms = 3'600'000}, nullptr);
  runtime = std::make_unique<actors::Runtime>(*log, *projections, clock, actors::RuntimeOptions{});
  ASSERT_TRUE(runtime->start());
  vault = std::make_unique<actors::Vault>(*log, actors::MasterKey::from_file(directory_.path() / "master.key").value(),
                                          clock);
  audit_logs = actors::AuditLogs::open(*audit, *log, *log, *vault, {}).value();
  metrics = std::make_unique<Metrics>();
  windows = std::make_unique<projections::SlidingWindows>(10'000);
  access_log_ = AccessLog::open(AccessLog::Mode::kAll, (directory_.path() / "access.log").string()).value();
  subscriptions = std::make_unique<subscriptions::Hub>(*log, *projections, hub_options);
  api_ = std::make_unique<Api>(Services{*projections,
                                        *runtime,
                                        *vault,
                                        clock,
                                        *metrics,
                                        *access_log_,
                                        *windows,
                                        *usage,
                                        *usage_store,
                                        90,
                                        *subscriptions,
                                        *log,
                                        *as_of,
                                        *audit,
                                        *audit_logs,
                                        true,
                                        {}});
  server_ = std::make_unique<http::Server>(
      http::ServerOptions{.port = 0, .threads = 1},
      [this](const http::Request& request, http::Exchange& exchange) { return api_->handle(request, exchange); },
      render_listener_error);
  ASSERT_TRUE(server_->start());
}

void ApiFixture::close() {
  server_->drain(5'000);
  runtime->drain();
  api_.reset();
  server_.reset();
  subscriptions.reset();
  access_log_.reset();
  audit_logs.reset();
  vault.reset();
  runtime.reset();
  usage.reset();
  usage_store.reset();
  usage_log.reset();
  audit_follower_.reset();
  audit.reset();
  as_of.reset();
  snapshots.reset();
  projections.reset();
  log.reset();
}

Reply ApiFixture::send(const std::string& method, const std::string& path, const HeaderList& headers,
                       const std::string& body) {
  httplib::Client client("127.0.0.1", server_->port());
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.body = body;
  for (const auto& [name, value] : headers) request.headers.emplace(name, value);
  const auto result = client.send(request);
  if (!result) {
    ADD_FAILURE() << method << " " << path << ": " << httplib::to_string(result.error());
    return {};
  }
  Reply reply{.status = result->status, .body = result->body};
  for (const auto& [name, value] : result->headers) reply.headers[to_lower(name)] = value;
  return reply;
}

nlohmann::json ApiFixture::post(const std::string& path, const nlohmann::json& body, const std::string& root_key,
                                const HeaderList& more) {
  HeaderList headers = {{"Authorization", "Bearer " + root_key}, {"Content-Type", "application/json"}};
  headers.insert(headers.end(), more.begin(), more.end());
  return nlohmann::json::parse(send("POST", path, headers, body.dump()).body, nullptr, false);
}

actors::Outcome ApiFixture::ask(v1::Command command) {
  command.set_time_ms(clock.now_ms());
  return actors::submit(*runtime, std::move(command)).get();
}

std::string ApiFixture::make_root_key(const std::string& workspace_id,
                                      std::initializer_list<std::string_view> permissions) {
  const auto& rows = projections->reader(events::partition_of(workspace_id, projections->partitions()));
  v1::Command command;
  command.set_workspace_id(workspace_id);
  if (!projections::find_workspace(rows, workspace_id)) {
    command.mutable_create_workspace()->set_workspace_id(workspace_id);
    command.mutable_create_workspace()->set_name(workspace_id);
    EXPECT_TRUE(ask(command));
  }
  const std::string secret = make_id("unkey", 32);
  auto& root_key = *command.mutable_create_root_key();
  root_key.set_root_key_id(make_id("rk", 16));
  root_key.set_name("test");
  const Digest hash = sha256(secret);
  root_key.set_hash(hash.data(), hash.size());
  root_key.set_start(secret.substr(0, 10));
  for (const auto permission : permissions) root_key.add_permissions(std::string(permission));
  EXPECT_TRUE(ask(command));
  return secret;
}

}  // namespace keyfold::api::testing
