#include "gateway/api/schema_document.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <optional>

namespace keyfold::api {
namespace {

using nlohmann::json;

constexpr int kDepthMax = 100;

// The number that the whole text is, if it is one of type T.
template <class T>
std::optional<json> number_from(std::string_view text) {
  T value{};
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return json(value);
}

// from_chars reads "inf" and "nan" as numbers, YAML does not.
bool may_be_number(std::string_view text) {
  return text.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
}

json plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true" || text == "false") return text == "true";
  if (!may_be_number(text)) return text;
  if (auto number = number_from<std::int64_t>(text)) return *number;
  if (auto number = number_from<std::uint64_t>(text)) return *number;
  if (auto number = number_from<double>(text)) return *number;
  return text;
}

tl::unexpected<Error> refuse(const YAML::Node& node, std::string what) {
  const YAML::Mark mark = node.Mark();
  return fail(ErrorCode::kInvalidArgument, std::move(what),
              "line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1));
}

Result<json> to_json(const YAML::Node& node, int depth);

Result<json> sequence_json(const YAML::Node& node, int depth) {
  json out = json::array();
  for (const YAML::Node& element : node) {
    auto value = to_json(element, depth);
    if (!value) return value;
    out.push_back(*std::move(value));
  }
  return out;
}

Result<json> mapping_json(const YAML::Node& node, int depth) {
  json out = json::object();
  for (const auto& member : node) {
    if (!member.first.IsScalar()) return refuse(member.first, "a member's name must be a scalar");
    auto value = to_json(member.second, depth);
    if (!value) return value;
    const auto [slot, is_new] = out.emplace(member.first.Scalar(), *std::move(value));
    if (!is_new) return refuse(member.first, "the member '" + slot.key() + "' is there twice");
  }
  return out;
}

Result<json> to_json(const YAML::Node& node, int depth) {
  if (depth > kDepthMax) return refuse(node, "nested too deep");
  switch (node.Type()) {
    case YAML::NodeType::Sequence:
      return sequence_json(node, depth + 1);
    case YAML::NodeType::Map:
      return mapping_json(node, depth + 1);
    case YAML::NodeType::Scalar:
      return node.Tag() == "?" ? plain_scalar(node.Scalar()) : json(node.Scalar());  // "?": neither quoted nor tagged
    case YAML::NodeType::Null:
    case YAML::NodeType::Undefined:
      break;
  }
  return json(nullptr);
}

}  // namespace

Result<json> parse_yaml(std::string_view text) {
  try {
    return to_json(YAML::Load(std::string(text)), 0);
  } catch (const YAML::Exception& error) {
    return fail(ErrorCode::kInvalidArgument, "malformed YAML: " + error.msg,
                "line " + std::to_string(error.mark.line + 1) + ", column " + std::to_string(error.mark.column + 1));
  }
}

std::string escape_pointer(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace keyfold::api
