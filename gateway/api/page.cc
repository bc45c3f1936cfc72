#include "gateway/api/page.h"

namespace keyfold::api {
namespace {

constexpr std::size_t kPageBytes = std::size_t{8} * 1024 * 1024;

}  // namespace

PageRequest page_request(const Call& call, std::size_t limit_default) {
  PageRequest request{.limit = limit_default, .cursor = {}};
  if (const auto* limit = call.find("limit")) request.limit = limit->get<std::size_t>();
  if (const auto* cursor = call.find("cursor")) request.cursor = cursor->get<std::string>();
  return request;
}

bool Page::add_text(std::string_view id, std::string_view json) {
  if (is_full()) {
    cursor_ = id;
    return false;
  }
  if (count_++ > 0) items_ += ',';
  items_ += json;
  return true;
}

bool Page::is_full() const { return count_ == limit_ || items_.size() >= kPageBytes; }

Data Page::finish() && {
  items_ += ']';
  return {std::move(items_), Pagination{std::move(cursor_)}};
}

}  // namespace keyfold::api
