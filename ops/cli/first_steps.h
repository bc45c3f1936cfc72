#pragma once

#include <string>
#include <string_view>

namespace keyfold::ops {

/// Three lines for a shell that make an API, make a key in it and verify the key; each shows the server's answer, and
/// the later ones take what they need from the answers before.
[[nodiscard]] std::string first_steps(std::string_view address, std::string_view root_key);

}  // namespace keyfold::ops
