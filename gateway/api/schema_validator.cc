#include "gateway/api/schema_validator.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gateway/api/nearest_name.h"
#include "gateway/api/schema_trail.h"

namespace keyfold::api {
namespace {

using nlohmann::json;

// Holds every 64-bit integer and every double exactly, so that comparisons of numbers are exact.
using Wide = long double;
static_assert(std::numeric_limits<Wide>::digits >= 64);

constexpr std::size_t kShownBytesMax = 64;

Wide wide(const json& number) {
  if (number.is_number_unsigned()) return static_cast<Wide>(number.get<std::uint64_t>());
  if (number.is_number_integer()) return static_cast<Wide>(number.get<std::int64_t>());
  return static_cast<Wide>(number.get<double>());
}

bool is_whole(const json& number) {
  if (number.is_number_integer()) return true;
  const double value = number.get<double>();
  return std::isfinite(value) && std::trunc(value) == value;
}

std::uint8_t type_of(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return kNullType;
    case json::value_t::boolean:
      return kBooleanType;
    case json::value_t::object:
      return kObjectType;
    case json::value_t::array:
      return kArrayType;
    case json::value_t::string:
      return kStringType;
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
    case json::value_t::number_float:
      return is_whole(value) ? kIntegerType : kNumberType;
    case json::value_t::binary:
    case json::value_t::discarded:
      break;
  }
  return 0;
}

std::string name_of(std::uint8_t type) {
  switch (type) {
    case kNullType:
      return "null";
    case kBooleanType:
      return "true or false";
    case kObjectType:
      return "an object";
    case kArrayType:
      return "an array";
    case kStringType:
      return "a string";
    case kIntegerType:
      return "a whole number";
    default:
      return "a number";
  }
}

std::string names_of(std::uint8_t types) {
  if ((types & kNumberType) != 0) types &= static_cast<std::uint8_t>(~kIntegerType);
  std::string names;
  for (const std::uint8_t type :
       {kBooleanType, kObjectType, kArrayType, kStringType, kIntegerType, kNumberType, kNullType}) {
    if ((types & type) == 0) continue;
    if (!names.empty()) names += " or ";
    names += name_of(type);
  }
  return names;
}

std::string got(const json& value) {
  const std::uint8_t type = type_of(value);
  if (type == kBooleanType) return value.get<bool>() ? "true" : "false";
  return type == kNumberType ? "a number with a fraction" : name_of(type);
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string counted(std::size_t count, std::string_view thing) {
  return std::to_string(count) + " " + std::string(thing) + (count == 1 ? "" : "s");
}

std::string in_ticks(std::string_view name) { return std::string("`").append(name).append("`"); }

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// A name of the client's, cut between code points.
std::string shown(std::string_view name) {
  if (name.size() <= kShownBytesMax) return in_ticks(name);
  std::size_t end = kShownBytesMax;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return in_ticks(std::string(name.substr(0, end)) + "...");
}

class Validation {
 public:
  explicit Validation(std::size_t errors_max) : errors_max_(errors_max) {}

  void check(const Schema& schema, const json& value, const Trail& trail);
  [[nodiscard]] std::vector<FieldError>& errors() { return errors_; }

 private:
  void check_string(const Schema& schema, const std::string& text, const Trail& trail);
  void check_number(const Schema& schema, const json& number, const Trail& trail);
  void check_array(const Schema& schema, const json& array, const Trail& trail);
  void check_object(const Schema& schema, const json& object, const Trail& trail);
  void check_required(const Schema& schema, const json& object, const Trail& trail);
  void check_values(const Schema& schema, const json& value, const Trail& trail);
  void check_branches(const Schema& schema, const json& value, const Trail& trail);
  void refuse_unknown(const Schema& schema, const std::string& name, const Trail& trail);

  [[nodiscard]] bool is_full() const { return errors_.size() >= errors_max_; }
  void add(const Trail& trail, std::string_view keyword, const std::string& message, std::string fix) {
    if (is_full()) return;
    errors_.push_back(
        {trail.in_schema() + "/" + std::string(keyword), trail.in_value() + ": " + message, std::move(fix)});
  }

  std::vector<FieldError> errors_;
  std::size_t errors_max_;
};

void Validation::check(const Schema& schema, const json& value, const Trail& trail) {
  if (is_full()) return;
  const std::uint8_t type = type_of(value);
  if ((schema.types & type) == 0) {
    add(trail, "type", "must be " + names_of(schema.types) + ", is " + got(value),
        "Send " + names_of(schema.types) + ".");
    return;
  }
  check_values(schema, value, trail);
  if (type == kStringType) check_string(schema, value.get_ref<const std::string&>(), trail);
  if (type == kIntegerType || type == kNumberType) check_number(schema, value, trail);
  if (type == kArrayType) check_array(schema, value, trail);
  if (type == kObjectType) check_object(schema, value, trail);
  check_branches(schema, value, trail);
}

void Validation::check_values(const Schema& schema, const json& value, const Trail& trail) {
  if (schema.constant && value != *schema.constant) {
    add(trail, "const", "must be " + schema.constant->dump(), "Send " + schema.constant->dump() + ".");
  }
  const auto& allowed = schema.allowed;
  if (allowed.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
  std::vector<std::string> names;
  names.reserve(allowed.size());
  for (const json& one : allowed) names.push_back(one.dump());
  add(trail, "enum", "must be one of " + listed(names), "Send one of " + listed(names) + ".");
}

void Validation::check_string(const Schema& schema, const std::string& text, const Trail& trail) {
  if (schema.length_min || schema.length_max) {
    const std::size_t length = code_points(text);
    if (schema.length_min && length < *schema.length_min) {
      const std::string least = "at least " + counted(*schema.length_min, "character");
      add(trail, "minLength", "must have " + least + ", has " + std::to_string(length), "Send " + least + ".");
    }
    if (schema.length_max && length > *schema.length_max) {
      const std::string most = "at most " + counted(*schema.length_max, "character");
      add(trail, "maxLength", "must have " + most + ", has " + std::to_string(length), "Send " + most + ".");
    }
  }
  if (schema.pattern && !RE2::PartialMatch(text, *schema.pattern)) {
    add(trail, "pattern", "must match " + schema.pattern->pattern(),
        "Send a text that the regular expression " + schema.pattern->pattern() + " matches.");
  }
}

void Validation::check_number(const Schema& schema, const json& number, const Trail& trail) {
  const auto check_bound = [&](const std::optional<json>& bound, std::string_view keyword, std::string_view words,
                               auto is_kept) {
    if (!bound || is_kept(wide(number), wide(*bound))) return;
    const std::string wanted = std::string(words) + " " + bound->dump();
    add(trail, keyword, "must be " + wanted + ", is " + number.dump(), "Send a number that is " + wanted + ".");
  };
  check_bound(schema.minimum, "minimum", "at least", std::greater_equal<>());
  check_bound(schema.maximum, "maximum", "at most", std::less_equal<>());
  check_bound(schema.exclusive_minimum, "exclusiveMinimum", "more than", std::greater<>());
  check_bound(schema.exclusive_maximum, "exclusiveMaximum", "less than", std::less<>());
}

void Validation::check_array(const Schema& schema, const json& array, const Trail& trail) {
  if (schema.items_min && array.size() < *schema.items_min) {
    const std::string least = "at least " + counted(*schema.items_min, "element");
    add(trail, "minItems", "must have " + least + ", has " + std::to_string(array.size()), "Send " + least + ".");
  }
  if (schema.items_max && array.size() > *schema.items_max) {
    const std::string most = "at most " + counted(*schema.items_max, "element");
    add(trail, "maxItems", "must have " + most + ", has " + std::to_string(array.size()), "Send " + most + ".");
  }
  if (!schema.items) return;
  for (std::size_t i = 0; i < array.size() && !is_full(); ++i) check(*schema.items, array[i], trail.element(i));
}

void Validation::check_object(const Schema& schema, const json& object, const Trail& trail) {
  check_required(schema, object, trail);
  if (schema.members_max && object.size() > *schema.members_max) {
    const std::string most = "at most " + counted(*schema.members_max, "member");
    add(trail, "maxProperties", "must have " + most + ", has " + std::to_string(object.size()), "Send " + most + ".");
  }
  for (const auto& [name, value] : object.get_ref<const json::object_t&>()) {
    if (is_full()) return;
    if (const Schema* member = schema.find(name)) {
      check(*member, value, trail.member(name));
    } else if (schema.is_closed) {
      refuse_unknown(schema, name, trail);
    }
  }
}

void Validation::check_required(const Schema& schema, const json& object, const Trail& trail) {
  const bool has_all = std::all_of(schema.required.begin(), schema.required.end(),
                                   [&](const std::string& name) { return object.contains(name); });
  if (has_all) return;
  std::vector<std::string> missing;
  for (const std::string& name : schema.required) {
    if (!object.contains(name)) missing.push_back(in_ticks(name));
  }
  add(trail, "required", "lacks " + listed(missing), "Add " + listed(missing) + ".");
}

void Validation::refuse_unknown(const Schema& schema, const std::string& name, const Trail& trail) {
  std::vector<std::string_view> known;
  for (const Schema::Member& member : schema.members) known.push_back(member.name);
  const std::string_view nearest = nearest_name(name, known);
  std::string fix = "Leave it out.";
  if (!nearest.empty()) {
    fix = "Did you mean " + in_ticks(nearest) + "?";
  } else if (!known.empty()) {
    fix = "Leave it out. The members are " + listed({known.begin(), known.end()}) + ".";
  }
  add(trail, "additionalProperties", "has the unknown member " + shown(name), std::move(fix));
}

bool is_valid(const Schema& schema, const json& value, const Trail& trail) {
  Validation validation(1);
  validation.check(schema, value, trail);
  return validation.errors().empty();
}

void Validation::check_branches(const Schema& schema, const json& value, const Trail& trail) {
  for (std::size_t i = 0; i < schema.all_of.size(); ++i) check(schema.all_of[i], value, trail.branch("allOf", i));
  const auto matches = [&](const Schema& branch) { return is_valid(branch, value, trail); };
  if (!schema.any_of.empty() && std::none_of(schema.any_of.begin(), schema.any_of.end(), matches)) {
    add(trail, "anyOf", "has none of the allowed forms", "Send one of the forms that the operation describes.");
  }
  if (!schema.one_of.empty() && std::count_if(schema.one_of.begin(), schema.one_of.end(), matches) != 1) {
    add(trail, "oneOf", "must have exactly one of the allowed forms",
        "Send exactly one of the forms that the operation describes.");
  }
}

}  // namespace

std::vector<FieldError> find_errors(const Schema& schema, const json& value, std::size_t errors_max) {
  Validation validation(errors_max);
  validation.check(schema, value, Trail());
  return std::move(validation.errors());
}

}  // namespace keyfold::api
