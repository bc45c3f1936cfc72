#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "actors/audit/audit_logs.h"
#include "actors/runtime.h"
#include "actors/vault/vault.h"
#include "events/embedded_log.h"
#include "gateway/api/access_log.h"
#include "gateway/api/api.h"
#include "gateway/api/metrics.h"
#include "gateway/subscriptions/hub.h"
#include "projections/as_of.h"
#include "projections/audit_follower.h"
#include "projections/projections.h"
#include "projections/usage_recorder.h"
#include "projections/usage_store.h"
#include "schemas/base/clock.h"
#include "tests/temporary_directory.h"

namespace keyfold::api::testing {

/// What came back; header names in lower case.
struct Reply {
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string body;
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// The whole server but the program around it: log, projections, runtime, vault, API and listener, in a directory of
/// its own. The clock stands still until it is moved.
class ApiFixture {
 public:
  ApiFixture();
  ~ApiFixture();
  ApiFixture(const ApiFixture&) = delete;
  ApiFixture& operator=(const ApiFixture&) = delete;

  /// Sends a request and waits for its answer.
  [[nodiscard]] Reply send(const std::string& method, const std::string& path, const HeaderList& headers,
                           const std::string& body);
  /// POST with a root key and JSON; the answer's body.
  [[nodiscard]] nlohmann::json post(const std::string& path, const nlohmann::json& body, const std::string& root_key,
                                    const HeaderList& more = {});

  /// Makes a workspace with a root key that holds these permissions; the root key's secret.
  [[nodiscard]] std::string make_root_key(const std::string& workspace_id,
                                          std::initializer_list<std::string_view> permissions);
  /// Closes everything and opens it again from the directory.
  void restart();
  /// Restarts with one more event on the log: see append_event.
  void restart_after(const std::string& workspace_id, const std::string& event);

  ManualClock clock{1'750'000'000'000};
  std::unique_ptr<Metrics> metrics;
  std::unique_ptr<events::EmbeddedLog> log;
  std::unique_ptr<projections::Projections> projections;
  std::unique_ptr<projections::Snapshots> snapshots;
  std::unique_ptr<projections::AsOf> as_of;
  std::unique_ptr<projections::AuditStore> audit;  // follows the log by itself
  std::unique_ptr<events::UsageLog> usage_log;
  std::unique_ptr<projections::UsageStore> usage_store;
  std::unique_ptr<projections::UsageRecorder> usage;  // writes when it is flushed, not by itself
  std::unique_ptr<actors::Runtime> runtime;
  std::unique_ptr<projections::SlidingWindows> windows;  // empty after a restart
  std::unique_ptr<actors::Vault> vault;
  std::unique_ptr<actors::AuditLogs> audit_logs;  // publishes when it is told to, not by itself
  std::unique_ptr<subscriptions::Hub> subscriptions;
  subscriptions::HubOptions hub_options;  // from the next restart on

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  /// Ends the listener's streams and connections, as a stop does.
  void drain() { server_->drain(5'000); }

 private:
  void open();
  void close();
  actors::Outcome ask(v1::Command command);

  keyfold::testing::TemporaryDirectory directory_;
  std::unique_ptr<projections::AuditFollower> audit_follower_;
  std::unique_ptr<AccessLog> access_log_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace keyfold::api::testing
