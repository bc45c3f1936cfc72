#pragma once

#include <iosfwd>

namespace keyfold::ops {

/// The `keyfold` program: parses the arguments, runs the command, prints answers to `out` and errors to `err`. Returns
/// the process's exit code: 0, 1 when the command failed, 2 when the arguments are wrong.
int run_program(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

}  // namespace keyfold::ops
