#pragma once

/// Names of rare situations: a simulation that never gets into one of them has tested less than it says.
/// `KEYFOLD_REACHED("an owner was fenced")` counts it, and `reached_counts` tells a test. Thread-safe. Compiled out of
/// a release.
#ifdef KEYFOLD_FAULT_POINTS
#include <cstdint>
#include <map>
#include <string>
namespace keyfold {
void reached(const char* what);
[[nodiscard]] std::map<std::string, std::uint64_t> reached_counts();
}  // namespace keyfold
#define KEYFOLD_REACHED(what) ::keyfold::reached(what)
#else
#define KEYFOLD_REACHED(what) static_cast<void>(0)
#endif
