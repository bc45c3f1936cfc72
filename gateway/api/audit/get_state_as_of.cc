#include "gateway/api/audit/endpoints.h"
#include "gateway/api/audit/history_reader.h"
#include "schemas/base/time_text.h"

namespace keyfold::api {

Answered<Step> get_state_as_of(const Call& call, const Services& services) {
  const auto history = HistoryReader::open(call, services);
  if (!history) return refuse(history.error());
  const auto resource = history->resource();
  if (!resource) return refuse(resource.error());
  const auto end = history->first_after("at");
  if (!end) return refuse(end.error());
  const auto view = history->view(**end);
  if (!view) return refuse(view.error());
  const auto state = projections::resource_json((*view)->rows(), call.workspace_id(), *resource);
  std::string json = R"({"resource":)" + resource_json(*resource);
  json.append(R"(,"exists":)").append(state ? "true" : "false").append(R"(,"state":)").append(state.value_or("null"));
  if (**end > 0) {
    // The last event that is seen, whatever it was about.
    events::Event last;
    if (auto error = history->read(**end - 1, last)) return refuse(*std::move(error));
    json.append(R"(,"asOf":{"position":")").append(history->to_cursor(**end - 1));
    json.append(R"(","timestamp":")").append(to_time_text(last.header.time_ms())).append(R"("})");
  }
  return Data{json + "}", std::nullopt};
}

}  // namespace keyfold::api
