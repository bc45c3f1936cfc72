#pragma once

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keyfold::api {

/// JSON types as bits, so that a schema can allow several.
enum JsonType : std::uint8_t {
  kNullType = 1,
  kBooleanType = 2,
  kObjectType = 4,
  kArrayType = 8,
  kStringType = 16,
  kIntegerType = 32,  // a number without a fraction
  kNumberType = 64,
};
inline constexpr std::uint8_t kAnyType = 127;

/// A compiled schema: a subset of JSON Schema 2020-12, references followed. Immutable after compilation.
struct Schema {
  struct Member;

  std::uint8_t types = kAnyType;        // a sum of JsonType
  std::vector<nlohmann::json> allowed;  // enum; empty: any
  std::optional<nlohmann::json> constant;
  // Strings, in code points.
  std::optional<std::size_t> length_min;
  std::optional<std::size_t> length_max;
  std::unique_ptr<const RE2> pattern;  // found anywhere in the text
  // Numbers; the bounds are numbers.
  std::optional<nlohmann::json> minimum;
  std::optional<nlohmann::json> maximum;
  std::optional<nlohmann::json> exclusive_minimum;
  std::optional<nlohmann::json> exclusive_maximum;
  // Arrays.
  std::optional<std::size_t> items_min;
  std::optional<std::size_t> items_max;
  std::unique_ptr<const Schema> items;
  // Objects.
  std::vector<Member> members;  // sorted by name
  std::vector<std::string> required;
  std::optional<std::size_t> members_max;
  bool is_closed = false;  // additionalProperties: false
  // Combinations.
  std::vector<Schema> all_of;
  std::vector<Schema> any_of;
  std::vector<Schema> one_of;

  /// The member of that name; null when the schema does not list it.
  [[nodiscard]] const Schema* find(std::string_view name) const;
};

struct Schema::Member {
  std::string name;
  Schema schema;
};

}  // namespace keyfold::api
