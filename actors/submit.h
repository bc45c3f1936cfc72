#pragma once

#include <future>

#include "actors/runtime.h"

namespace keyfold::actors {

/// Hands the command in and gives its outcome when it has one; for callers that may wait for it, which no I/O thread
/// may. Thread-safe.
[[nodiscard]] std::future<Outcome> submit(Runtime& runtime, v1::Command command);

}  // namespace keyfold::actors
