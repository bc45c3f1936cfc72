#pragma once

#include "gateway/api/endpoint.h"

namespace keyfold::api {

/// What a list endpoint was asked for.
struct PageRequest {
  std::size_t limit = 100;
  std::string cursor;  // the id of the page's first item; empty: from the beginning
};
[[nodiscard]] PageRequest page_request(const Call& call);

/// Ids and their items in order of id, gathered one further than the page so that it can name the next one.
class Page {
 public:
  explicit Page(const PageRequest& request) : limit_(request.limit) {}
  /// False when the page is full: the item's id became the cursor.
  bool add(std::string_view id, Json item);
  [[nodiscard]] bool is_full() const { return items_.size() == limit_; }

  [[nodiscard]] Data finish() &&;

 private:
  std::size_t limit_;
  Json items_ = Json::array();
  std::string cursor_;
};

}  // namespace keyfold::api
