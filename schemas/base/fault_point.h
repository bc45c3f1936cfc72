#pragma once

/// Named places where a crash test may kill the process. `KEYFOLD_FAULT_POINT("log.append.before_sync")` ends it with
/// SIGKILL when the environment variable KEYFOLD_FAULT names the point (`name` or `name:N` for the N-th passage).
/// Compiled out of a release.
#ifdef KEYFOLD_FAULT_POINTS
namespace keyfold {
void fault_point(const char* name);
}
#define KEYFOLD_FAULT_POINT(name) ::keyfold::fault_point(name)
#else
#define KEYFOLD_FAULT_POINT(name) static_cast<void>(0)
#endif
