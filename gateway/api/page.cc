#include "gateway/api/page.h"

namespace keyfold::api {

PageRequest page_request(const Call& call) {
  PageRequest request;
  if (const auto* limit = call.find("limit")) request.limit = limit->get<std::size_t>();
  if (const auto* cursor = call.find("cursor")) request.cursor = cursor->get<std::string>();
  return request;
}

bool Page::add(std::string_view id, Json item) {
  if (is_full()) {
    cursor_ = id;
    return false;
  }
  items_.push_back(std::move(item));
  return true;
}

Data Page::finish() && { return {items_.dump(), Pagination{std::move(cursor_)}}; }

}  // namespace keyfold::api
