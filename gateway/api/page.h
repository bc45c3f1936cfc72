#pragma once

#include "gateway/api/endpoint.h"

namespace keyfold::api {

/// What a list endpoint was asked for.
struct PageRequest {
  std::size_t limit = 0;
  std::string cursor;  // the id of the page's first item; empty: from the beginning
};
[[nodiscard]] PageRequest page_request(const Call& call, std::size_t limit_default = 100);

/// Items in order of their ids, gathered one further than the page so that it can name the next one. A page is full at
/// its limit, or after the item with which it comes to 8 MiB.
class Page {
 public:
  explicit Page(const PageRequest& request) : limit_(request.limit) {}
  /// False when the page is full: the item's id became the cursor.
  bool add(std::string_view id, const Json& item) { return add_text(id, item.dump()); }
  /// The same for an item that is JSON already.
  bool add_text(std::string_view id, std::string_view json);
  /// Ends the page before it is full; more may follow from that id on.
  void end_before(std::string_view id) { cursor_ = id; }
  [[nodiscard]] bool is_full() const;

  [[nodiscard]] Data finish() &&;

 private:
  std::size_t limit_;
  std::size_t count_ = 0;
  std::string items_ = "[";  // JSON, not closed yet
  std::string cursor_;
};

}  // namespace keyfold::api
