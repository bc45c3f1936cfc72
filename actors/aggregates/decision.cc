#include "actors/aggregates/decision.h"

#include "projections/projector.h"

namespace keyfold::actors {

void Foresight::add(const Decision& decision, std::size_t first) {
  events::Event event;
  event.header.set_workspace_id(std::string(context_.workspace_id));
  event.header.set_time_ms(context_.time_ms);
  for (std::size_t i = first; i < decision.events.size(); ++i) {
    event.payload = decision.events[i].payload;
    projections::fold(event, rows_);
  }
}

}  // namespace keyfold::actors
