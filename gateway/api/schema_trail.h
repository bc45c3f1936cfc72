#pragma once

#include <string>
#include <string_view>

#include "gateway/api/schema_document.h"

namespace keyfold::api {

/// Where a validation stands, in the value and in the schema: a chain of steps on the stack, written out only when
/// something is wrong.
class Trail {
 public:
  Trail() = default;
  /// Into a member of an object.
  [[nodiscard]] Trail member(std::string_view name) const { return {this, Step::kMember, name, 0}; }
  /// Into an element of an array.
  [[nodiscard]] Trail element(std::size_t index) const { return {this, Step::kElement, {}, index}; }
  /// Into a branch of allOf, anyOf or oneOf.
  [[nodiscard]] Trail branch(std::string_view keyword, std::size_t index) const {
    return {this, Step::kBranch, keyword, index};
  }

  /// The place in the value, e.g. "body.ratelimits[1].duration".
  [[nodiscard]] std::string in_value() const {
    if (parent_ == nullptr) return "body";
    if (step_ == Step::kMember) return parent_->in_value() + "." + std::string(name_);
    if (step_ == Step::kElement) return parent_->in_value() + "[" + std::to_string(index_) + "]";
    return parent_->in_value();
  }
  /// The place in the schema, e.g. "/properties/ratelimits/items/properties/duration".
  [[nodiscard]] std::string in_schema() const {
    if (parent_ == nullptr) return {};
    if (step_ == Step::kMember) return parent_->in_schema() + "/properties/" + escape_pointer(name_);
    if (step_ == Step::kElement) return parent_->in_schema() + "/items";
    return parent_->in_schema() + "/" + std::string(name_) + "/" + std::to_string(index_);
  }

 private:
  enum class Step { kMember, kElement, kBranch };

  Trail(const Trail* parent, Step step, std::string_view name, std::size_t index)
      : parent_(parent), step_(step), name_(name), index_(index) {}

  const Trail* parent_ = nullptr;  // null: the value itself
  Step step_ = Step::kMember;
  std::string_view name_;
  std::size_t index_ = 0;
};

}  // namespace keyfold::api
