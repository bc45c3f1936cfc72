#include "gateway/api/event_types.h"

#include "events/public_event.h"
#include "gateway/api/nearest_name.h"

namespace keyfold::api {

std::optional<ApiError> check_event_types(std::span<const std::string> patterns) {
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    if (events::is_known_type_pattern(patterns[i])) continue;
    const auto& types = events::public_types();
    const std::vector<std::string_view> known(types.begin(), types.end());
    const std::string_view near = nearest_name(patterns[i], known);
    std::string what = "body.types[" + std::to_string(i) + "]: no event type matches '" + patterns[i] + "'";
    if (near.empty()) {
      return invalid_input(what + ".", {{"/properties/types/items", what, "docs/events.md lists the types"}});
    }
    const std::string meant = "'" + std::string(near) + "'?";
    return invalid_input(what + ": did you mean " + meant,
                         {{"/properties/types/items", what, "Did you mean " + meant}});
  }
  return std::nullopt;
}

}  // namespace keyfold::api
