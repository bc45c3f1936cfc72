#pragma once

#include <iosfwd>

#include "keyfold/v1/config.pb.h"
#include "schemas/base/result.h"

namespace keyfold::ops {

enum class FirstStart { kNothing, kBootstrap };

/// Serves until SIGINT or SIGTERM. Prints `address: URL` and `operator: URL` once requests are taken, and on a first
/// start with kBootstrap also `workspace: ID`, `root key: SECRET` and three commands to try.
[[nodiscard]] Status serve(const v1::Config& config, FirstStart first_start, std::ostream& out);

/// Makes the first workspace and root key of a stopped data directory and prints them; only says so when it was done
/// before.
[[nodiscard]] Status bootstrap_directory(const v1::Config& config, const std::string& workspace_name,
                                         std::ostream& out);

inline constexpr const char* kFirstWorkspaceName = "default";

}  // namespace keyfold::ops
