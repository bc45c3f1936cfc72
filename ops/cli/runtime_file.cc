#include "ops/cli/runtime_file.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "events/log_directory.h"

namespace keyfold::ops {

Status write_runtime_file(const Paths& paths, const RuntimeInfo& info) {
  const nlohmann::ordered_json json = {
      {"pid", info.pid}, {"address", info.address}, {"operator", info.operator_address}};
  return events::replace_file(paths.runtime_file, json.dump() + "\n");
}

void remove_runtime_file(const Paths& paths) {
  std::error_code ignored;
  std::filesystem::remove(paths.runtime_file, ignored);
}

Result<std::optional<RuntimeInfo>> find_server(const Paths& paths) {
  // The file alone proves nothing: a killed server leaves it behind.
  if (!events::is_owned(paths.log)) return std::nullopt;
  std::ifstream file(paths.runtime_file);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  if (!json.is_object() || !json.contains("address") || !json.contains("operator")) {
    return fail(ErrorCode::kUnavailable, "a process holds the data directory but does not say where it listens",
                paths.runtime_file, "it may be starting: try again");
  }
  return RuntimeInfo{json.value("pid", 0L), json.value("address", ""), json.value("operator", "")};
}

}  // namespace keyfold::ops
