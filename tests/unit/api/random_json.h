#pragma once

#include <rapidcheck.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

namespace keyfold::api {

/// A name that the API's schemas know, or one that they don't.
inline std::string random_name() {
  return *rc::gen::element<std::string>("apiId", "keyId", "key", "name", "meta", "credits", "remaining", "refill",
                                        "cost", "ratelimits", "limit", "permissions", "roles", "expires", "enabled",
                                        "tags", "nmae");
}

/// Any JSON value at most that deep, often of a kind that the API's schemas have an opinion about. For use in a
/// property.
inline nlohmann::json random_json(int depth) {
  using nlohmann::json;
  switch (*rc::gen::inRange(0, depth == 0 ? 5 : 9)) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::element<json>(0, -1, 1.5, 5.0, 1e300, std::numeric_limits<std::uint64_t>::max(),
                                     std::numeric_limits<std::int64_t>::min());
    case 3:
      return *rc::gen::arbitrary<std::int64_t>();
    case 4:
      return *rc::gen::element<std::string>("", "api_12345678", "\xC3\xA4\xF0\x9F\x98\x80", std::string(600, 'x'));
    case 5:
    case 6: {
      json array = json::array();
      for (int left = *rc::gen::inRange(0, 6); left > 0; --left) array.push_back(random_json(depth - 1));
      return array;
    }
    default: {
      json object = json::object();
      for (int left = *rc::gen::inRange(0, 6); left > 0; --left) object[random_name()] = random_json(depth - 1);
      return object;
    }
  }
}

}  // namespace keyfold::api
