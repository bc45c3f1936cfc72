#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "actors/runtime.h"
#include "actors/vault/vault.h"
#include "events/event.h"
#include "gateway/api/api.h"
#include "gateway/api/api_error.h"
#include "gateway/api/grants.h"
#include "keyfold/v1/command.pb.h"
#include "projections/root_key_index.h"
#include "projections/rows.pb.h"
#include "schemas/base/hash.h"

namespace keyfold::api {

/// JSON that keeps the order of its members, for answers.
using Json = nlohmann::ordered_json;

/// An Idempotency-Key, hashed: the key itself is kept nowhere.
struct IdempotencyKey {
  Digest key_hash{};      // of root key id and key
  Digest request_hash{};  // of path and body
};

/// What is left of a workspace's limit on its requests.
struct RequestAllowance {
  std::int64_t limit = 0;  // requests in a minute
  std::int64_t remaining = 0;
  std::int64_t reset_seconds = 0;  // from now
};

struct Endpoint;

/// A request that was understood: valid by its schema and authenticated. Owns what it holds, because it may be
/// answered after the connection's buffer has gone.
struct Call {
  const Endpoint* endpoint = nullptr;
  std::size_t route = 0;  // of the metrics
  std::int64_t started_ns = 0;
  std::int64_t time_ms = 0;
  std::size_t bytes_in = 0;
  std::string request_id;
  std::string client_request_id;  // X-Request-Id
  std::string method;
  std::string path;
  std::string accept;
  std::string client_ip;
  std::string user_agent;
  nlohmann::json body;
  std::shared_ptr<const projections::RootKey> principal;  // for a portal session: its workspace, and no permission
  std::optional<rows::PortalSessionRow> portal_session;   // for endpoints of that access
  std::optional<IdempotencyKey> idempotency;
  std::optional<events::Position> after;      // X-Keyfold-Position: what the answer must have seen
  bool records_usage = true;                  // unless X-Unkey-Metrics is `disabled`
  std::optional<RequestAllowance> allowance;  // of a workspace whose requests are limited

  [[nodiscard]] std::string_view workspace_id() const { return principal->workspace_id; }
  [[nodiscard]] bool holds(std::string_view permission) const;
  /// Whether the portal session was made with the scope.
  [[nodiscard]] bool has_scope(std::string_view scope) const;
  [[nodiscard]] bool may(std::initializer_list<Requirement> requirements) const {
    return allows_any(principal->permissions, requirements);
  }
  /// A text member that the schema requires.
  [[nodiscard]] const std::string& text(const char* member) const {
    return body.at(member).get_ref<const std::string&>();
  }
  /// The member, or null when it is absent or null.
  [[nodiscard]] const nlohmann::json* find(const char* member) const;
};

/// An answer that is known at once.
struct Data {
  std::string json;
  std::optional<Pagination> pagination;
};

/// A change to be decided by the workspace's partition.
struct Plan {
  v1::Command command;           // workspace_id and body; the dispatcher fills in the rest
  std::string data_json = "{}";  // unless the outcome brings its own; empty: the answer has no `data`
  bool holds_secret = false;     // then the answer is kept for repeats only as vault ciphertext
  actors::DataKeyHold data_key;  // of ciphertext in the command: held until the command is answered
  /// Makes the answer from the outcome, for endpoints whose answer depends on it.
  std::function<Answered<std::string>(const actors::Outcome&)> conclude;
  bool runs_again = false;  // once the command is accepted, the endpoint runs anew for its answer
};

using Step = std::variant<Data, Plan>;

/// What an endpoint asks of its caller before it runs.
enum class Access : std::uint8_t {
  kRootKey,
  kPortalSession,  // the cookie `portal_session`
  kPublic,         // nothing: what the body holds is the credential; Idempotency-Key is not used
};

/// One endpoint: a plain function from a call to an answer or a plan. It may read single rows, which does not block;
/// `scans` says that it reads many, `may_block` that this call waits for the disk: both run on the worker pool.
struct Endpoint {
  std::string_view path;
  Answered<Step> (*run)(const Call& call, const Services& services);
  bool scans = false;
  Access access = Access::kRootKey;
  bool no_store = false;                          // answers hold a credential that no cache may keep
  bool (*may_block)(const Call& call) = nullptr;  // none: never
  bool takes_idempotency_key = true;              // else the header means nothing
};

/// All endpoints.
[[nodiscard]] std::span<const Endpoint> endpoints();

/// `api.*.<action>`, and where the API is known `api.<id>.<action>` or a URN grant that covers `urn_path`.
[[nodiscard]] bool may_on_api(const Call& call, std::string_view api_id, std::string_view action,
                              std::string_view urn_path = {});

}  // namespace keyfold::api
