#include "ops/cli/operator_client.h"

#include <httplib.h>

#include <cstdlib>

namespace keyfold::ops {
namespace {

constexpr time_t kReadTimeoutSeconds = 60;  // a digest reads every row

Result<httplib::Response> checked(httplib::Result result, const std::string& address) {
  if (!result) {
    return fail(ErrorCode::kUnavailable, "the server's operator listener does not answer: " + to_string(result.error()),
                address, "it may be starting or stopping: try again");
  }
  if (result->status != 200) {
    std::string text = result->body.substr(0, result->body.find('\n'));
    return fail(ErrorCode::kInternal, "the server answered " + std::to_string(result->status) + ": " + text, address);
  }
  return std::move(result.value());
}

Result<httplib::Response> get(const std::string& address, const std::string& path) {
  httplib::Client client(address);
  client.set_read_timeout(kReadTimeoutSeconds);
  return checked(client.Get(path), address);
}

Result<httplib::Response> post(const std::string& address, const std::string& path) {
  httplib::Client client(address);
  client.set_read_timeout(kReadTimeoutSeconds);
  return checked(client.Post(path, {{"X-Keyfold-Operator", "cli"}}, "", "text/plain"), address);
}

Result<nlohmann::ordered_json> json_of(const Result<httplib::Response>& response, const std::string& address) {
  if (!response) return tl::unexpected(response.error());
  auto json = nlohmann::ordered_json::parse(response->body, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::kInternal, "the server's answer is no JSON object", address);
  return json;
}

std::uint64_t number_in(const httplib::Response& response, const char* header) {
  return std::strtoull(response.get_header_value(header).c_str(), nullptr, 10);
}

std::string events_path(events::PartitionId partition, events::Sequence from, std::size_t limit) {
  return "/events?partition=" + std::to_string(partition) + "&from=" + std::to_string(from) +
         "&limit=" + std::to_string(limit);
}

}  // namespace

Result<nlohmann::ordered_json> OperatorClient::cluster_status() const {
  httplib::Client client(address_);
  auto result = client.Get("/cluster");
  if (result && result->status == 404) {
    return fail(ErrorCode::kFailedPrecondition, "this server is alone: its log is in its data directory", address_,
                "start it with --log kafka://... to make it one of several nodes");
  }
  return json_of(checked(std::move(result), address_), address_);
}

Result<nlohmann::ordered_json> OperatorClient::audit_logs() const {
  return json_of(get(address_, "/audit/logs"), address_);
}

Result<nlohmann::ordered_json> OperatorClient::vault_status() const {
  return json_of(get(address_, "/vault/status"), address_);
}

Result<nlohmann::ordered_json> OperatorClient::rewrap() const {
  return json_of(post(address_, "/vault/rewrap"), address_);
}

Result<nlohmann::ordered_json> OperatorClient::rotate(const std::string& ring, std::int64_t before_ms) const {
  const httplib::Params params =
      ring.empty() ? httplib::Params{{"before", std::to_string(before_ms)}} : httplib::Params{{"ring", ring}};
  return json_of(post(address_, httplib::append_query_params("/vault/rotate", params)), address_);
}

Result<std::string> OperatorClient::digest() const {
  return get(address_, "/digest").map([](const httplib::Response& response) { return response.body; });
}

Result<std::uint32_t> OperatorClient::partitions() const {
  return get(address_, events_path(0, 0, 1)).map([](const httplib::Response& response) {
    return static_cast<std::uint32_t>(number_in(response, "X-Keyfold-Partitions"));
  });
}

Result<EventPage> OperatorClient::events(events::PartitionId partition, events::Sequence from,
                                         std::size_t limit) const {
  return get(address_, events_path(partition, from, limit)).map([](const httplib::Response& response) {
    return EventPage{response.body, number_in(response, "X-Keyfold-Next")};
  });
}

Result<UsagePage> OperatorClient::usage(events::Sequence from, std::size_t limit) const {
  const std::string path = "/usage?from=" + std::to_string(from) + "&limit=" + std::to_string(limit);
  return get(address_, path).map([](const httplib::Response& response) {
    return UsagePage{response.body, number_in(response, "X-Keyfold-Next")};
  });
}

}  // namespace keyfold::ops
