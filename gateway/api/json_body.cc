#include <cstdint>
#include <optional>

#include "gateway/api/schemas.h"

namespace keyfold::api {
namespace {

using nlohmann::json;

constexpr std::size_t kDepthMax = 100;

// Builds the value from the parser's events, which come without recursion; ends the parse at the depth limit.
class Builder {
 public:
  explicit Builder(json& root) : root_(root) {}
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  // Where the parser stopped; nothing when it was we who stopped it.
  [[nodiscard]] std::optional<std::size_t> stopped_at() const { return stopped_at_; }

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(std::int64_t value) { return put(value); }
  bool number_unsigned(std::uint64_t value) { return put(value); }
  bool number_float(double value, const std::string&) { return put(value); }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(json::binary_t&) { return false; }  // JSON text has none
  bool start_object(std::size_t) { return open(json::object()); }
  bool start_array(std::size_t) { return open(json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    member_ = &(*open_.back())[name];  // a repeated member is overwritten
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const json::exception&) {
    stopped_at_ = position == 0 ? 0 : position - 1;  // nlohmann counts from one
    return false;
  }

 private:
  json& slot() {
    if (open_.empty()) return root_;
    if (open_.back()->is_object()) return *member_;
    return open_.back()->emplace_back(nullptr);
  }
  bool put(json value) {
    slot() = std::move(value);
    return true;
  }
  bool open(json value) {
    if (open_.size() == kDepthMax) return false;
    json& place = slot();
    place = std::move(value);
    open_.push_back(&place);
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  json& root_;
  std::vector<json*> open_;  // from the outermost object or array in; only the innermost one grows
  json* member_ = nullptr;
  std::optional<std::size_t> stopped_at_;
};

// The length of the well-formed UTF-8 sequence that the text begins with (RFC 3629, section 4); 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto is_between = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return is_between(1, 0x80, 0xBF) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned low = lead == 0xE0 ? 0xA0 : 0x80;   // no overlong forms
    const unsigned high = lead == 0xED ? 0x9F : 0xBF;  // no surrogates
    return is_between(1, low, high) && is_between(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned low = lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xF4 ? 0x8F : 0xBF;  // nothing beyond U+10FFFF
    return is_between(1, low, high) && is_between(2, 0x80, 0xBF) && is_between(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

std::size_t first_invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

// Where a text that is well-formed so far goes deeper than the limit.
std::size_t too_deep_at(std::string_view text) {
  std::size_t depth = 0;
  bool is_in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (is_in_string) {
      if (c == '\\') ++at;
      if (c == '"') is_in_string = false;
    } else if (c == '"') {
      is_in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDepthMax) return at;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return text.size();
}

tl::unexpected<Error> refuse(std::string what, std::size_t at) {
  return fail(ErrorCode::kInvalidArgument, std::move(what), "byte " + std::to_string(at));
}

}  // namespace

Result<json> parse_json(std::string_view body) {
  if (body.starts_with("\xEF\xBB\xBF"))
    return refuse("a byte-order mark stands before the JSON", 0);  // nlohmann skips it
  if (const auto nul = body.find('\0'); nul != std::string_view::npos) {
    return refuse("malformed JSON", nul);  // nlohmann would end there and ignore the rest
  }
  json root;
  Builder builder(root);
  if (json::sax_parse(body, &builder)) return root;
  if (!builder.stopped_at()) {
    return refuse("the JSON is nested deeper than " + std::to_string(kDepthMax) + " levels", too_deep_at(body));
  }
  const std::size_t stopped_at = *builder.stopped_at();
  if (const auto invalid = first_invalid_utf8(body); invalid <= stopped_at) return refuse("invalid UTF-8", invalid);
  if (stopped_at >= body.size()) return refuse("the JSON ends too early", body.size());
  return refuse("malformed JSON", stopped_at);
}

}  // namespace keyfold::api
