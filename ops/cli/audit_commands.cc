#include "ops/cli/audit_commands.h"

#include <array>
#include <chrono>
#include <ostream>
#include <thread>
#include <utility>

#include "ops/cli/api_client.h"

namespace keyfold::ops {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kPageEvents = 1'000;
constexpr std::chrono::milliseconds kPollInterval{500};
constexpr std::uint64_t kProgressEvents = 10'000;

/// How ids of a kind begin.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kIdPrefixes = {{
    {"key_", "key"},
    {"api_", "api"},
    {"id_", "identity"},
    {"perm_", "permission"},
    {"role_", "role"},
    {"rk_", "root_key"},
    {"rlns_", "ratelimit_namespace"},
    {"ws_", "workspace"},
    {"mig_", "migration"},
    {"wh_", "webhook"},
}};

Result<nlohmann::json> body_of(const AuditQuery& query) {
  nlohmann::json body = nlohmann::json::object();
  if (!query.types.empty()) body["types"] = query.types;
  if (!query.principal_id.empty()) body["principalId"] = query.principal_id;
  if (!query.from.empty()) body["from"] = query.from;
  if (!query.to.empty()) body["to"] = query.to;
  if (!query.kind.empty()) body["resource"] = {{"kind", query.kind}};
  if (query.resource.empty()) return body;
  const auto resource = parse_resource(query.resource);
  if (!resource) return tl::unexpected(resource.error());
  body["resource"] = {{"kind", resource->kind}, {"id", resource->id}};
  return body;
}

Status closed() { return fail(ErrorCode::kIo, "the output was closed"); }

/// The position after an event's.
std::string after(const Json& event) {
  const std::string position = event.value("position", "0:0");
  const auto colon = position.find(':');
  return position.substr(0, colon + 1) + std::to_string(std::stoull(position.substr(colon + 1)) + 1);
}

}  // namespace

Result<ResourceName> parse_resource(const std::string& text) {
  const auto slash = text.find('/');
  if (slash != std::string::npos) return ResourceName{text.substr(0, slash), text.substr(slash + 1)};
  for (const auto& [prefix, kind] : kIdPrefixes) {
    if (text.starts_with(prefix)) return ResourceName{std::string(kind), text};
  }
  return fail(ErrorCode::kInvalidArgument, "what kind of thing is this?", text,
              "write kind/id, e.g. key/key_5fT2aB9xQ");
}

Status audit_log(const ClientOptions& options, const AuditLogRequest& request, Colours colours, std::ostream& out) {
  const ApiClient client(options.server, options.root_key);
  auto body = body_of(request.query);
  if (!body) return tl::unexpected(body.error());
  const auto print = [&](const Json& event) {
    out << (options.output == Output::kJson ? event.dump() + "\n" : event_line(event, colours));
    return out.good();
  };
  // The newest ones, but shown in the order in which they happened.
  std::vector<Json> newest;
  nlohmann::json first = *body;
  first["limit"] = std::min(request.limit, kPageEvents);
  const Status listed = client.each("audit.listEvents", first, [&](const Json& event) {
    newest.push_back(event);
    return newest.size() < request.limit;
  });
  if (!listed) return listed;
  for (auto event = newest.rbegin(); event != newest.rend(); ++event) {
    if (!print(*event)) return closed();
  }
  out.flush();
  if (!request.follow) return {};

  nlohmann::json more = *body;
  more["order"] = "oldestFirst";
  more["limit"] = kPageEvents;
  std::string next = newest.empty() ? request.query.from : after(newest.front());
  while (true) {
    if (!next.empty()) more["from"] = next;
    bool is_open = true;
    const Status followed = client.each("audit.listEvents", more, [&](const Json& event) {
      next = after(event);
      is_open = print(event);
      return is_open;
    });
    if (!followed) return followed;
    if (!is_open || !out.flush()) return closed();
    std::this_thread::sleep_for(kPollInterval);
  }
}

Status audit_why(const ClientOptions& options, const std::string& resource, Colours colours, std::ostream& out) {
  const auto name = parse_resource(resource);
  if (!name) return tl::unexpected(name.error());
  bool is_any = false;
  const nlohmann::json body = {{"resource", {{"kind", name->kind}, {"id", name->id}}}};
  const ApiClient client(options.server, options.root_key);
  const Status listed = client.each("audit.getResourceHistory", body, [&](const Json& item) {
    is_any = true;
    if (options.output == Output::kJson) {
      out << item.dump() << '\n';
    } else {
      out << event_line(item.at("event"), colours);
      for (const Json& change : item.at("changes")) out << member_lines(change, colours);
    }
    return out.good();
  });
  if (!listed) return listed;
  if (!is_any) {
    return fail(ErrorCode::kNotFound, "nothing ever happened to it in this workspace", name->kind + "/" + name->id,
                "check the id, and whose root key this is");
  }
  return out.flush() ? Status() : closed();
}

Status audit_diff(const ClientOptions& options, const std::string& from, const std::string& to, Colours colours,
                  std::ostream& out) {
  nlohmann::json body = {{"from", from}};
  if (!to.empty()) body["to"] = to;
  const ApiClient client(options.server, options.root_key);
  const Status listed = client.each("audit.getDiff", body, [&](const Json& change) {
    out << (options.output == Output::kJson ? change.dump() + "\n" : change_lines(change, colours));
    return out.good();
  });
  if (!listed) return listed;
  return out.flush() ? Status() : closed();
}

Status audit_state(const ClientOptions& options, const std::string& resource, const std::string& at,
                   std::ostream& out) {
  const auto name = parse_resource(resource);
  if (!name) return tl::unexpected(name.error());
  const nlohmann::json body = {{"resource", {{"kind", name->kind}, {"id", name->id}}}, {"at", at}};
  const auto state = ApiClient(options.server, options.root_key).call("audit.getStateAsOf", body);
  if (!state) return tl::unexpected(state.error());
  if (options.output == Output::kJson) {
    out << state->dump() << '\n';
  } else if (!state->value("exists", false)) {
    return fail(ErrorCode::kNotFound, "it did not exist then, at least in this workspace", name->kind + "/" + name->id,
                "`keyfold audit why` tells when it came and went");
  } else {
    out << state->at("state").dump(2) << '\n';
  }
  return out.flush() ? Status() : closed();
}

Status audit_export(const ClientOptions& options, const AuditQuery& query, ExportFormat format, std::ostream& out,
                    std::ostream* progress) {
  auto body = body_of(query);
  if (!body) return tl::unexpected(body.error());
  (*body)["order"] = "oldestFirst";
  (*body)["limit"] = kPageEvents;
  std::uint64_t events = 0;
  if (format == ExportFormat::kCsv) out << csv_header();
  const auto tell = [&](const char* end) {
    if (progress != nullptr) *progress << "\rexported " << events << " events" << end << std::flush;
  };
  const ApiClient client(options.server, options.root_key);
  const Status listed = client.each("audit.listEvents", *body, [&](const Json& event) {
    out << (format == ExportFormat::kCsv ? csv_record(event) : event.dump() + "\n");
    if (++events % kProgressEvents == 0) tell("");
    return out.good();
  });
  tell("\n");
  if (!listed) return listed;
  return out.flush() ? Status() : closed();
}

}  // namespace keyfold::ops
