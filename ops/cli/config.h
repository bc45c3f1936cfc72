#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "keyfold/v1/config.pb.h"
#include "schemas/base/result.h"

namespace keyfold::ops {

/// Looks a variable up; nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
/// The environment of this process.
[[nodiscard]] Environment process_environment();

/// Every option at the default that schemas/keyfold/v1/config.proto gives it.
[[nodiscard]] v1::Config default_config();

/// The defaults under what the TOML text sets; `name` is the file's name in errors. kInvalidArgument, with
/// `name:line:column`, for text that is not TOML, an unknown option (with the nearest known name), a wrong type, a
/// number out of range, a text that is not one of the choices, or a variable that is not set.
[[nodiscard]] Result<v1::Config> parse_config(std::string_view text, const std::string& name,
                                              const Environment& environment);

/// The same of a file, at most 1 MiB. kNotFound when there is none.
[[nodiscard]] Result<v1::Config> load_config(const std::filesystem::path& file, const Environment& environment);

/// Puts variables in their places: `${NAME}`, `${NAME:-default}` (also when set but empty), and `$$` for a dollar sign.
/// kInvalidArgument for a variable that is not set and has no default, and for `${` without its end.
[[nodiscard]] Result<std::string> expand_variables(std::string_view text, const Environment& environment);

}  // namespace keyfold::ops
