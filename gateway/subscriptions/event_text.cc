#include "gateway/subscriptions/event_text.h"

#include "events/public_event.h"

namespace keyfold::subscriptions {

void append_event(std::string& out, const events::Position& position, const events::Event& event) {
  out.append("id: ").append(to_string(position));
  out.append("\nevent: ").append(events::type_name(event.payload)).append("\ndata: ");
  events::append_public_json(out, event);
  out += "\n\n";
}

http::SharedText comment(std::string_view line) { return http::share_text(": " + std::string(line) + "\n\n"); }

}  // namespace keyfold::subscriptions
