#include "gateway/api/query_parameters.h"

#include <algorithm>
#include <optional>

#include "gateway/api/nearest_name.h"
#include "schemas/base/encoding.h"

namespace keyfold::api {
namespace {

// Takes off the text what comes before the separator, or all of it, and the separator.
std::string_view take_until(char separator, std::string_view& text) {
  const auto end = text.find(separator);
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return taken;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto byte = text.size() - i > 2 ? from_hex(text.substr(i + 1, 2)) : std::nullopt;
    if (!byte) return std::nullopt;
    decoded += *byte;
    i += 2;
  }
  return decoded;
}

ApiError unknown_parameter(const std::string& name, std::span<const std::string_view> known) {
  std::string fix = "The parameters are ";
  for (const std::string_view one : known) fix.append(one == known.front() ? "" : ", ").append(one);
  fix += '.';
  if (const auto nearest = nearest_name(name, known); !nearest.empty()) {
    fix = "Did you mean `" + std::string(nearest) + "`?";
  }
  return bad_parameter(name, "there is no such parameter", std::move(fix));
}

}  // namespace

ApiError bad_parameter(std::string_view name, std::string message, std::string fix) {
  const std::string where = "query." + std::string(name.substr(0, 64));
  std::string detail = where + ": " + message + ". " + fix;
  return invalid_input(std::move(detail), {{"/parameters/" + std::string(name.substr(0, 64)),
                                            where + ": " + std::move(message), std::move(fix)}});
}

Answered<std::map<std::string, std::string, std::less<>>> read_query(std::string_view query,
                                                                     std::span<const std::string_view> known) {
  std::map<std::string, std::string, std::less<>> parameters;
  while (!query.empty()) {
    std::string_view rest = take_until('&', query);
    if (rest.empty()) continue;
    const std::string_view encoded_name = take_until('=', rest);
    const auto name = percent_decode(encoded_name);
    auto value = percent_decode(rest);
    if (!name || !value) {
      return refuse(bad_parameter(encoded_name, "the escapes are not %XX", "Encode the query again."));
    }
    if (std::find(known.begin(), known.end(), *name) == known.end()) return refuse(unknown_parameter(*name, known));
    if (!parameters.emplace(*name, *std::move(value)).second) {
      return refuse(bad_parameter(*name, "it is given twice", "Give it once."));
    }
  }
  return parameters;
}

}  // namespace keyfold::api
