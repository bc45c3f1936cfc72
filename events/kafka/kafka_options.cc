#include "events/kafka/kafka_options.h"

#include <algorithm>

namespace keyfold::events {
namespace {

constexpr std::string_view kScheme = "kafka://";
constexpr std::string_view kDefaultPort = "9092";

/// `host:port` of one broker of the list; empty when it is none. An IPv6 address stands in brackets.
std::string broker_of(std::string_view text) {
  const std::size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return {};
  const std::size_t colon = text.find(':', bracket);
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = colon == std::string_view::npos ? kDefaultPort : text.substr(colon + 1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_odd = [](char c) { return c == '/' || c == '@' || c == '?' || c == '#' || c <= ' '; };
  if (host.empty() || std::any_of(host.begin(), host.end(), is_odd)) return {};
  if (port.empty() || port.size() > 5 || !std::all_of(port.begin(), port.end(), is_digit)) return {};
  return std::string(host) + ":" + std::string(port);
}

}  // namespace

Result<std::string> brokers_of_url(std::string_view url) {
  const auto refuse = [url] {
    return fail(ErrorCode::kInvalidArgument, "'" + std::string(url) + "' is not a log's URL", "",
                "write kafka://host:9092,host:9092, or nothing for the embedded log");
  };
  if (!url.starts_with(kScheme)) return refuse();
  std::string brokers;
  for (std::string_view rest = url.substr(kScheme.size());;) {
    const std::size_t comma = rest.find(',');
    const std::string broker = broker_of(rest.substr(0, comma));
    if (broker.empty()) return refuse();
    brokers += (brokers.empty() ? "" : ",") + broker;
    if (comma == std::string_view::npos) return brokers;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace keyfold::events
