#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>

#include "projections/packed_text.h"

namespace keyfold::projections {

/// A stored rate limit without its id: what many keys and identities have in common.
struct SharedRatelimit {
  std::string_view name;
  std::int64_t limit = 0;
  std::int64_t duration_ms = 0;
  bool auto_apply = false;
};

/// A stored rate limit of a key or of an identity.
struct RatelimitView {
  std::string_view id;
  std::string_view name;
  std::int64_t limit = 0;
  std::int64_t duration_ms = 0;
  bool auto_apply = false;
  friend bool operator==(const RatelimitView&, const RatelimitView&) = default;
};

/// The rate limits of a key or of an identity, sorted by name, as the index holds them: shared ones, and beside them
/// the ids, packed in the same order.
class RatelimitsView {
 public:
  RatelimitsView() = default;
  RatelimitsView(std::span<const SharedRatelimit> shared, std::string_view packed_ids)
      : shared_(shared), packed_ids_(packed_ids.data()) {}

  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;
    using value_type = RatelimitView;

    Iterator() = default;
    Iterator(const SharedRatelimit* shared, const char* packed_ids) : shared_(shared), packed_ids_(packed_ids) {}
    RatelimitView operator*() const {
      const char* at = packed_ids_;
      return {read_text(at), shared_->name, shared_->limit, shared_->duration_ms, shared_->auto_apply};
    }
    Iterator& operator++() {
      (void)read_text(packed_ids_);
      ++shared_;
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return shared_ == other.shared_; }

   private:
    const SharedRatelimit* shared_ = nullptr;
    const char* packed_ids_ = nullptr;
  };

  [[nodiscard]] Iterator begin() const { return {shared_.data(), packed_ids_}; }
  [[nodiscard]] Iterator end() const { return {shared_.data() + shared_.size(), nullptr}; }
  [[nodiscard]] bool empty() const { return shared_.empty(); }
  [[nodiscard]] std::size_t size() const { return shared_.size(); }

 private:
  std::span<const SharedRatelimit> shared_;
  const char* packed_ids_ = nullptr;
};

}  // namespace keyfold::projections
