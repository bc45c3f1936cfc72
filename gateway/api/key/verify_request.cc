#include "gateway/api/key/verify_request.h"

#include <simdjson.h>

#include <algorithm>

namespace keyfold::api {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kKeyBytesMax = 512;
constexpr std::size_t kExpressionBytesMax = 1000;
constexpr std::int64_t kCostMax = 1'000'000'000'000;
constexpr std::size_t kRatelimitsMax = 100;
constexpr std::int64_t kDurationMsMin = 1'000;
constexpr std::size_t kTagsMax = 20;
constexpr std::size_t kTagCharactersMax = 512;

/// Characters of a text that is UTF-8.
std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool is_between(std::int64_t number, std::int64_t min, std::int64_t max) { return number >= min && number <= max; }

std::optional<std::int64_t> read_number(const dom::element& value, std::int64_t min) {
  std::int64_t number = 0;
  if (value.get(number) != simdjson::SUCCESS || number < min) return std::nullopt;
  return number;
}

/// One body's members in its plain form. Each function takes one value; false when it is anything else.
class PlainReader {
 public:
  bool read(std::string_view name, const dom::element& value) {
    if (name == "key") return read_text(value, kKeyBytesMax, request_.key);
    if (name == "permissions") return read_text(value, kExpressionBytesMax, request_.permissions);
    if (name == "credits") return read_credits(value);
    if (name == "ratelimits") return read_ratelimits(value);
    if (name == "tags") return read_tags(value);
    return false;
  }
  [[nodiscard]] VerifyRequest take() { return std::move(request_); }

 private:
  static bool read_text(const dom::element& value, std::size_t bytes_max, std::string_view& slot) {
    return slot.empty() && value.get(slot) == simdjson::SUCCESS && !slot.empty() && slot.size() <= bytes_max;
  }

  bool read_credits(const dom::element& value) {
    dom::object credits;
    if (std::exchange(has_credits_, true) || value.get(credits) != simdjson::SUCCESS || credits.size() != 1)
      return false;
    return credits["cost"].get(request_.cost) == simdjson::SUCCESS && is_between(request_.cost, 0, kCostMax);
  }

  bool read_ratelimits(const dom::element& value) {
    dom::array entries;
    if (std::exchange(has_ratelimits_, true) || value.get(entries) != simdjson::SUCCESS) return false;
    if (entries.size() > kRatelimitsMax) return false;
    for (const dom::element entry : entries) {
      if (!read_ratelimit(entry)) return false;
    }
    return true;
  }

  bool read_ratelimit(const dom::element& value) {
    dom::object members;
    if (value.get(members) != simdjson::SUCCESS) return false;
    AskedRatelimit entry;
    std::optional<std::int64_t> cost;
    for (const auto [name, member] : members) {
      if (name == "name" && entry.name.empty()) {
        if (member.get(entry.name) != simdjson::SUCCESS) return false;
        continue;
      }
      std::optional<std::int64_t>* const slot = name == "cost"       ? &cost
                                                : name == "limit"    ? &entry.limit
                                                : name == "duration" ? &entry.duration_ms
                                                                     : nullptr;
      if (slot == nullptr || *slot) return false;
      const std::int64_t min = slot == &cost ? 0 : slot == &entry.limit ? 1 : kDurationMsMin;
      if (!(*slot = read_number(member, min))) return false;
    }
    entry.cost = cost.value_or(1);
    request_.ratelimits.push_back(entry);
    const auto characters = static_cast<std::int64_t>(count_characters(entry.name));
    return is_between(characters, 3, 255);
  }

  bool read_tags(const dom::element& value) {
    dom::array tags;
    if (std::exchange(has_tags_, true) || value.get(tags) != simdjson::SUCCESS || tags.size() > kTagsMax) return false;
    for (const dom::element tag : tags) {
      std::string_view text;
      if (tag.get(text) != simdjson::SUCCESS || text.empty() || count_characters(text) > kTagCharactersMax)
        return false;
      request_.tags.push_back(text);
    }
    return true;
  }

  VerifyRequest request_;
  bool has_credits_ = false;
  bool has_ratelimits_ = false;
  bool has_tags_ = false;
};

std::optional<std::int64_t> number_in(const nlohmann::json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end()) return std::nullopt;
  return found->get<std::int64_t>();
}

}  // namespace

VerifyRequest verify_request_of(const Call& call) {
  VerifyRequest request{.key = call.text("key"), .client_ip = call.client_ip};
  if (const auto* permissions = call.find("permissions")) {
    request.permissions = permissions->get_ref<const std::string&>();
  }
  if (const auto* credits = call.find("credits")) request.cost = credits->at("cost").get<std::int64_t>();
  if (const auto* entries = call.find("ratelimits")) {
    for (const auto& entry : *entries) {
      request.ratelimits.push_back({entry.at("name").get_ref<const std::string&>(),
                                    number_in(entry, "cost").value_or(1), number_in(entry, "limit"),
                                    number_in(entry, "duration")});
    }
  }
  if (const auto* tags = call.find("tags")) {
    for (const auto& tag : *tags) request.tags.push_back(tag.get_ref<const std::string&>());
  }
  return request;
}

std::optional<VerifyRequest> parse_plain_verify_request(std::string_view body) {
  constexpr std::size_t kBodyBytesMax = 4096;
  if (body.size() > kBodyBytesMax) return std::nullopt;
  thread_local dom::parser parser;
  dom::object object;
  if (parser.parse(body.data(), body.size()).get(object) != simdjson::SUCCESS) return std::nullopt;
  PlainReader reader;
  for (const auto member : object) {
    if (!reader.read(member.key, member.value)) return std::nullopt;
  }
  VerifyRequest request = reader.take();
  if (request.key.empty()) return std::nullopt;
  return request;
}

}  // namespace keyfold::api
