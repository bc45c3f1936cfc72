#include <cstdlib>

#include "ops/cli/config.h"

namespace keyfold::ops {
namespace {

/// What stands between `${` and `}`.
Result<std::string> value_of(std::string_view expression, const Environment& environment) {
  const std::size_t separator = expression.find(":-");
  const std::string name(expression.substr(0, separator));
  auto value = environment(name);
  if (separator == std::string_view::npos) {
    if (value) return *std::move(value);
    return fail(ErrorCode::kInvalidArgument, "the environment variable '" + name + "' is not set", {},
                "set it, or write ${" + name + ":-default}");
  }
  if (value && !value->empty()) return *std::move(value);
  return std::string(expression.substr(separator + 2));
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

Result<std::string> expand_variables(std::string_view text, const Environment& environment) {
  std::string expanded;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    expanded += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('{')) {
      const std::size_t end = text.find('}');
      if (end == std::string_view::npos) {
        return fail(ErrorCode::kInvalidArgument, "'${' has no '}'", {}, "write $$ for a dollar sign");
      }
      auto value = value_of(text.substr(1, end - 1), environment);
      if (!value) return value;
      expanded += *value;
      text.remove_prefix(end + 1);
    } else {
      expanded += '$';
      if (text.starts_with('$')) text.remove_prefix(1);
    }
  }
  return expanded;
}

}  // namespace keyfold::ops
