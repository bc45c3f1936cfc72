#pragma once

#include <optional>
#include <string>

#include "ops/cli/settings.h"

namespace keyfold::ops {

/// What a running server tells other processes of its machine, in DATA/runtime.json.
struct RuntimeInfo {
  long pid = 0;
  std::string address;  // of the API, http://...
  std::string operator_address;
};

/// Replaces the file, whole or not at all.
[[nodiscard]] Status write_runtime_file(const Paths& paths, const RuntimeInfo& info);
void remove_runtime_file(const Paths& paths);

/// The server that runs on the data directory; nothing when none does. kUnavailable when a process holds the directory
/// but has not said where it listens: it is starting, or another command than `serve`.
[[nodiscard]] Result<std::optional<RuntimeInfo>> find_server(const Paths& paths);

}  // namespace keyfold::ops
