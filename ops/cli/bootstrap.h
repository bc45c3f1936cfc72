#pragma once

#include <optional>
#include <string>

#include "actors/runtime.h"
#include "projections/projections.h"
#include "schemas/base/clock.h"

namespace keyfold::ops {

/// What a first start makes. The root key is a secret and known to nobody afterwards.
struct Bootstrapped {
  std::string workspace_id;
  std::string root_key;
};

/// Makes the first workspace, named `workspace_name`, and its root key with every permission, as events of the system.
/// Nothing when a root key was made before, revoked ones included; what a cut-off bootstrap began is finished. Not to
/// be called twice at once.
[[nodiscard]] Result<std::optional<Bootstrapped>> bootstrap(const projections::Projections& projections,
                                                            actors::Runtime& runtime, const Clock& clock,
                                                            const std::string& workspace_name);

}  // namespace keyfold::ops
