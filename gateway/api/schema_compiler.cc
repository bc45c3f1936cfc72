#include "gateway/api/schema_compiler.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "gateway/api/schema_document.h"

namespace keyfold::api {
namespace {

using nlohmann::json;

tl::unexpected<Error> refuse(std::string what, const std::string& where) {
  return fail(ErrorCode::kInvalidArgument, std::move(what), where);
}

class Compiler {
 public:
  explicit Compiler(const json& document) : document_(document) {}

  Result<Schema> compile_at(const std::string& pointer);
  Result<Schema> compile(const json& source, const std::string& where);

 private:
  using Handler = Status (Compiler::*)(const json& value, const std::string& where, Schema& out);
  static const std::unordered_map<std::string_view, Handler>& keywords();

  Status apply(const std::string& keyword, const json& value, const std::string& where, Schema& out);
  Result<Schema> follow(const json& source, const std::string& where);

  Status skip(const json&, const std::string&, Schema&) { return {}; }
  Status read_type(const json& value, const std::string& where, Schema& out);
  Status read_nullable(const json& value, const std::string& where, Schema& out);
  Status read_enum(const json& value, const std::string& where, Schema& out);
  Status read_const(const json& value, const std::string& where, Schema& out);
  Status read_pattern(const json& value, const std::string& where, Schema& out);
  Status read_items(const json& value, const std::string& where, Schema& out);
  Status read_properties(const json& value, const std::string& where, Schema& out);
  Status read_required(const json& value, const std::string& where, Schema& out);
  Status read_additional(const json& value, const std::string& where, Schema& out);
  template <std::optional<std::size_t> Schema::*Slot>
  Status read_count(const json& value, const std::string& where, Schema& out);
  template <std::optional<json> Schema::*Slot>
  Status read_bound(const json& value, const std::string& where, Schema& out);
  template <std::vector<Schema> Schema::*Slot>
  Status read_branches(const json& value, const std::string& where, Schema& out);

  const json& document_;
  std::vector<std::string> followed_;  // the references that lead to where we are
  bool is_nullable_ = false;           // of the schema that is being compiled
};

const std::unordered_map<std::string_view, Compiler::Handler>& Compiler::keywords() {
  static const std::unordered_map<std::string_view, Handler> kKeywords = {
      {"type", &Compiler::read_type},
      {"nullable", &Compiler::read_nullable},
      {"enum", &Compiler::read_enum},
      {"const", &Compiler::read_const},
      {"minLength", &Compiler::read_count<&Schema::length_min>},
      {"maxLength", &Compiler::read_count<&Schema::length_max>},
      {"pattern", &Compiler::read_pattern},
      {"minimum", &Compiler::read_bound<&Schema::minimum>},
      {"maximum", &Compiler::read_bound<&Schema::maximum>},
      {"exclusiveMinimum", &Compiler::read_bound<&Schema::exclusive_minimum>},
      {"exclusiveMaximum", &Compiler::read_bound<&Schema::exclusive_maximum>},
      {"minItems", &Compiler::read_count<&Schema::items_min>},
      {"maxItems", &Compiler::read_count<&Schema::items_max>},
      {"items", &Compiler::read_items},
      {"properties", &Compiler::read_properties},
      {"required", &Compiler::read_required},
      {"maxProperties", &Compiler::read_count<&Schema::members_max>},
      {"additionalProperties", &Compiler::read_additional},
      {"allOf", &Compiler::read_branches<&Schema::all_of>},
      {"anyOf", &Compiler::read_branches<&Schema::any_of>},
      {"oneOf", &Compiler::read_branches<&Schema::one_of>},
      {"title", &Compiler::skip},
      {"description", &Compiler::skip},
      {"default", &Compiler::skip},
      {"example", &Compiler::skip},
      {"examples", &Compiler::skip},
      {"format", &Compiler::skip},
      {"deprecated", &Compiler::skip},
      {"readOnly", &Compiler::skip},
      {"writeOnly", &Compiler::skip},
      {"$comment", &Compiler::skip},
  };
  return kKeywords;
}

Result<Schema> Compiler::compile_at(const std::string& pointer) {
  if (std::find(followed_.begin(), followed_.end(), pointer) != followed_.end()) {
    return refuse("the schema contains itself, which is not supported", pointer);
  }
  json::json_pointer parsed;
  try {
    parsed = json::json_pointer(pointer);
    if (!document_.contains(parsed)) return refuse("there is no such schema", pointer);
  } catch (const json::exception&) {
    return refuse("the reference is not a JSON pointer into the document", pointer);
  }
  followed_.push_back(pointer);
  auto schema = compile(document_.at(parsed), pointer);
  followed_.pop_back();
  return schema;
}

Result<Schema> Compiler::follow(const json& source, const std::string& where) {
  const json& reference = source.at("$ref");
  if (!reference.is_string() || !reference.get_ref<const std::string&>().starts_with("#/")) {
    return refuse("a reference must begin with #/", where + "/$ref");
  }
  for (const auto& [keyword, value] : source.items()) {
    const auto found = keywords().find(keyword);
    const bool is_annotation = found != keywords().end() && found->second == &Compiler::skip;
    if (keyword != "$ref" && !is_annotation) {
      return refuse("the keyword '" + keyword + "' is not supported beside $ref",
                    where + "/" + escape_pointer(keyword));
    }
  }
  return compile_at(reference.get_ref<const std::string&>().substr(1));
}

Result<Schema> Compiler::compile(const json& source, const std::string& where) {
  if (!source.is_object()) return refuse("a schema must be an object", where);
  if (source.contains("$ref")) return follow(source, where);
  Schema out;
  const bool was_nullable = std::exchange(is_nullable_, false);
  for (const auto& [keyword, value] : source.items()) {
    if (auto done = apply(keyword, value, where + "/" + escape_pointer(keyword), out); !done) {
      return tl::unexpected<Error>(std::move(done.error()));
    }
  }
  if (std::exchange(is_nullable_, was_nullable)) out.types |= kNullType;
  if ((out.types & (kIntegerType | kNumberType)) == kIntegerType) {
    if (!out.minimum) out.minimum = std::numeric_limits<std::int64_t>::min();
    if (!out.maximum) out.maximum = std::numeric_limits<std::int64_t>::max();
  }
  return out;
}

Status Compiler::apply(const std::string& keyword, const json& value, const std::string& where, Schema& out) {
  if (keyword.starts_with("x-")) return {};
  const auto found = keywords().find(keyword);
  if (found == keywords().end()) return refuse("the schema keyword '" + keyword + "' is not supported", where);
  return (this->*found->second)(value, where, out);
}

std::uint8_t type_from(const json& name) {
  if (name == "null") return kNullType;
  if (name == "boolean") return kBooleanType;
  if (name == "object") return kObjectType;
  if (name == "array") return kArrayType;
  if (name == "string") return kStringType;
  if (name == "integer") return kIntegerType;
  if (name == "number") return kIntegerType | kNumberType;
  return 0;
}

Status Compiler::read_type(const json& value, const std::string& where, Schema& out) {
  out.types = 0;
  const json names = value.is_array() ? value : json::array({value});
  for (const json& name : names) {
    const std::uint8_t type = type_from(name);
    if (type == 0) return refuse("a type must be one of the seven of JSON Schema", where);
    out.types |= type;
  }
  if (out.types == 0) return refuse("a schema must allow at least one type", where);
  return {};
}

Status Compiler::read_nullable(const json& value, const std::string& where, Schema&) {
  if (!value.is_boolean()) return refuse("must be true or false", where);
  is_nullable_ = value.get<bool>();
  return {};
}

Status Compiler::read_enum(const json& value, const std::string& where, Schema& out) {
  if (!value.is_array() || value.empty()) return refuse("must be an array with at least one value", where);
  out.allowed.assign(value.begin(), value.end());
  return {};
}

Status Compiler::read_const(const json& value, const std::string&, Schema& out) {
  out.constant = value;
  return {};
}

Status Compiler::read_pattern(const json& value, const std::string& where, Schema& out) {
  if (!value.is_string()) return refuse("must be a string", where);
  RE2::Options options;
  options.set_log_errors(false);
  auto pattern = std::make_unique<const RE2>(value.get_ref<const std::string&>(), options);
  if (!pattern->ok()) return refuse("the pattern is not supported: " + pattern->error(), where);
  out.pattern = std::move(pattern);
  return {};
}

Status Compiler::read_items(const json& value, const std::string& where, Schema& out) {
  auto items = compile(value, where);
  if (!items) return tl::unexpected<Error>(std::move(items.error()));
  out.items = std::make_unique<const Schema>(*std::move(items));
  return {};
}

Status Compiler::read_properties(const json& value, const std::string& where, Schema& out) {
  if (!value.is_object()) return refuse("must be an object of schemas", where);
  for (const auto& [name, source] : value.items()) {  // in order of name
    auto schema = compile(source, where + "/" + escape_pointer(name));
    if (!schema) return tl::unexpected<Error>(std::move(schema.error()));
    out.members.push_back({name, *std::move(schema)});
  }
  return {};
}

Status Compiler::read_required(const json& value, const std::string& where, Schema& out) {
  if (!value.is_array()) return refuse("must be an array of names", where);
  for (const json& name : value) {
    if (!name.is_string()) return refuse("must be an array of names", where);
    out.required.push_back(name.get<std::string>());
  }
  return {};
}

Status Compiler::read_additional(const json& value, const std::string& where, Schema& out) {
  if (!value.is_boolean()) return refuse("a schema for additional members is not supported", where);
  out.is_closed = !value.get<bool>();
  return {};
}

template <std::optional<std::size_t> Schema::*Slot>
Status Compiler::read_count(const json& value, const std::string& where, Schema& out) {
  if (!value.is_number_integer() || value < 0) return refuse("must be a whole number from 0", where);
  out.*Slot = value.get<std::size_t>();
  return {};
}

template <std::optional<json> Schema::*Slot>
Status Compiler::read_bound(const json& value, const std::string& where, Schema& out) {
  if (!value.is_number()) return refuse("must be a number", where);
  out.*Slot = value;
  return {};
}

template <std::vector<Schema> Schema::*Slot>
Status Compiler::read_branches(const json& value, const std::string& where, Schema& out) {
  if (!value.is_array() || value.empty()) return refuse("must be an array of schemas", where);
  for (std::size_t i = 0; i < value.size(); ++i) {
    auto schema = compile(value[i], where + "/" + std::to_string(i));
    if (!schema) return tl::unexpected<Error>(std::move(schema.error()));
    (out.*Slot).push_back(*std::move(schema));
  }
  return {};
}

}  // namespace

const Schema* Schema::find(std::string_view name) const {
  const auto found =
      std::lower_bound(members.begin(), members.end(), name,
                       [](const Member& member, std::string_view wanted) { return member.name < wanted; });
  return found == members.end() || found->name != name ? nullptr : &found->schema;
}

Result<Schema> compile_schema(const json& document, const std::string& pointer) {
  return Compiler(document).compile_at(pointer);
}

}  // namespace keyfold::api
