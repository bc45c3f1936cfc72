#include "gateway/subscriptions/outgoing_client.h"

#include <httplib.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>

#include "actors/workflows/webhook_retry.h"
#include "gateway/subscriptions/deadline.h"

namespace keyfold::subscriptions {
namespace {

using actors::WebhookAnswer;
using actors::WebhookRequest;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kAnswerBytesMax = 4'096;
constexpr std::int64_t kMsPerSecond = 1'000;
constexpr milliseconds kDeadlineLead{1'000};

WebhookAnswer failed(std::string error) { return {.status = 0, .error = std::move(error)}; }

/// Seconds alone: a date would need the receiver's clock.
std::optional<std::int64_t> retry_after_ms(const httplib::Response& response) {
  const std::string text = response.get_header_value("Retry-After");
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return std::min(seconds, actors::kRetryAfterMsMax / kMsPerSecond) * kMsPerSecond;
}

/// One of the host's addresses, when all of them are allowed.
Result<IpAddress> choose_address(const std::string& host, const AddressGuard& guard, const Resolver& resolve) {
  std::vector<IpAddress> addresses;
  if (const auto literal = parse_ip_address(host)) {
    addresses.push_back(*literal);
  } else {
    auto resolved = resolve(host);
    if (!resolved) return tl::unexpected(resolved.error());
    addresses = *std::move(resolved);
  }
  if (addresses.empty()) return fail(ErrorCode::kNotFound, "the host has no address", host);
  for (const IpAddress& address : addresses) {
    if (Status checked = guard.check(address); !checked) {
      checked.error().where = host;
      return tl::unexpected(checked.error());
    }
  }
  return addresses.front();
}

std::unique_ptr<httplib::ClientImpl> make_client(const OutgoingUrl& url, const std::string& ca_file) {
  if (!url.is_https) return std::make_unique<httplib::ClientImpl>(url.host, url.port);
  auto client = std::make_unique<httplib::SSLClient>(url.host, url.port);
  client->enable_server_certificate_verification(true);
  if (!ca_file.empty() && client->is_valid()) {
    SSL_CTX_load_verify_locations(client->ssl_context(), ca_file.c_str(), nullptr);
  }
  return client;
}

std::string describe(httplib::Error error, bool is_late) {
  if (is_late) return "the receiver did not answer in time";
  switch (error) {
    case httplib::Error::Connection:
      return "no connection to the receiver";
    case httplib::Error::ConnectionTimeout:
      return "the receiver did not accept the connection in time";
    case httplib::Error::SSLServerVerification:
      return "the receiver's certificate can't be verified";
    case httplib::Error::SSLConnection:
    case httplib::Error::SSLLoadingCerts:
      return "no TLS connection to the receiver";
    default:
      return "the receiver did not answer: " + httplib::to_string(error);
  }
}

struct Limits {
  Clock::time_point end;
  std::stop_token stop;
};

struct Hop {
  WebhookAnswer answer;
  std::string location;  // of a redirect
};

Hop send_once(const WebhookRequest& request, const OutgoingUrl& url, const IpAddress& address,
              const OutgoingOptions& options, const Limits& limits) {
  const auto client = make_client(url, options.ca_file);
  if (!client->is_valid()) return {failed("TLS can't be set up"), {}};
  client->set_hostname_addr_map({{url.host, to_string(address)}});
  const auto left = std::max(std::chrono::duration_cast<milliseconds>(limits.end - Clock::now()), milliseconds(1));
  client->set_connection_timeout(std::min(left, milliseconds(options.connect_timeout_ms)));
  // The deadline comes first: the client's own limits count for each read, and a receiver that sends a byte now and
  // then would never meet them.
  client->set_read_timeout(left + kDeadlineLead);
  client->set_write_timeout(left + kDeadlineLead);
  client->set_decompress(false);
  client->set_url_encode(false);
  client->set_keep_alive(false);
  Deadline deadline(limits.end, limits.stop);
  client->set_socket_options([&deadline](socket_t socket) { deadline.watch(socket); });

  httplib::Request out;
  out.method = "POST";
  out.path = url.target;
  for (const auto& [name, value] : request.headers) out.headers.emplace(name, value);
  out.headers.emplace("Content-Type", "application/json");
  out.body = request.body;
  Hop hop;
  out.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    hop.answer.excerpt.append(data, std::min(size, kAnswerBytesMax - hop.answer.excerpt.size()));
    return hop.answer.excerpt.size() < kAnswerBytesMax;
  };
  httplib::Response response;
  auto error = httplib::Error::Success;
  client->send(out, response, error);
  // An answer whose body was cut off, by us or by the time, is one all the same.
  if (response.status < 0) return {failed(describe(error, deadline.has_passed())), {}};
  hop.answer.status = response.status;
  hop.answer.retry_after_ms = retry_after_ms(response);
  hop.location = response.get_header_value("Location");
  return hop;
}

bool is_followed(int status) { return status == 307 || status == 308; }

WebhookAnswer post_within(const WebhookRequest& request, const OutgoingOptions& options, const Resolver& resolve,
                          const Limits& limits) {
  auto url = check_outgoing_url(request.url, options.policy);
  for (int redirects = 0;; ++redirects) {
    if (!url) return failed(url.error().to_string());
    const auto address = choose_address(url->host, options.policy.guard, resolve);
    if (!address) return failed(address.error().to_string());
    if (Clock::now() >= limits.end) return failed("the look-up of the receiver's name took too long");
    Hop hop = send_once(request, *url, *address, options, limits);
    if (!is_followed(hop.answer.status) || redirects >= options.redirects_max) return std::move(hop.answer);
    url = follow_redirect(*url, hop.location, options.policy);
  }
}

}  // namespace

Result<std::vector<IpAddress>> resolve_host(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int status = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); status != 0) {
    return fail(ErrorCode::kNotFound, std::string("the host's name can't be resolved: ") + ::gai_strerror(status),
                host);
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  std::vector<IpAddress> addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    // One with a zone (fe80::1%eth0) is link-local: not to be parsed is not to be allowed.
    const auto address = parse_ip_address(text);
    if (!address) return fail(ErrorCode::kInvalidArgument, std::string("the host has the address ") + text, host);
    addresses.push_back(*address);
  }
  return addresses;
}

WebhookAnswer post_to(const WebhookRequest& request, const OutgoingOptions& options, const Resolver& resolve,
                      const std::stop_token& stop) {
  const auto began = Clock::now();
  const Limits limits{began + milliseconds(options.timeout_ms), stop};
  WebhookAnswer answer = post_within(request, options, resolve, limits);
  answer.duration_ms = std::chrono::duration_cast<milliseconds>(Clock::now() - began).count();
  return answer;
}

}  // namespace keyfold::subscriptions
