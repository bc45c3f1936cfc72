#pragma once

#include <functional>
#include <string>
#include <vector>

#include "actors/aggregates/answer_json.h"
#include "keyfold/v1/command.pb.h"

namespace keyfold::actors {

/// What becomes of a set of ids.
struct IdSetChange {
  Ids kept;          // as they were ordered
  Ids connected;     // in the order in which they were named
  Ids disconnected;  // as they were ordered
  Ids forgotten;     // were held, but belong to nothing that exists any more

  [[nodiscard]] bool is_none() const { return connected.empty() && disconnected.empty(); }
};

/// What `operation` with the `named` ids, each of which exists, does to the `held` ones. The operation is a known one.
[[nodiscard]] IdSetChange change_id_set(v1::SetOperation operation, const Ids& held,
                                        const std::vector<std::string>& named,
                                        const std::function<bool(const std::string& id)>& exists);

/// Writes a change into an event: what is forgotten is disconnected as well, so that sets don't grow by what is gone.
template <class Event>
void set_ids(const IdSetChange& change, Event& event) {
  *event.mutable_connected_ids() = change.connected;
  *event.mutable_disconnected_ids() = change.disconnected;
  event.mutable_disconnected_ids()->MergeFrom(change.forgotten);
}

}  // namespace keyfold::actors
