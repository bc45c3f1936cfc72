#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "actors/vault/vault.h"
#include "events/log.h"
#include "schemas/base/encoding.h"

namespace keyfold::actors::testing {

/// An erasable store in a map.
class MemoryStore final : public events::ErasableStore {
 public:
  [[nodiscard]] Status put(std::string_view key, std::string_view value) override {
    const std::lock_guard lock(mutex_);
    entries_[std::string(key)] = value;
    return {};
  }
  [[nodiscard]] Result<std::string> get(std::string_view key) const override {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(std::string(key));
    if (found == entries_.end()) return fail(ErrorCode::kNotFound, "no such entry");
    return found->second;
  }
  [[nodiscard]] Status erase(std::string_view key) override {
    const std::lock_guard lock(mutex_);
    entries_.erase(std::string(key));
    return {};
  }
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> list(
      std::string_view prefix, std::string_view from = {}, std::size_t entries_max = 1'000'000) const override {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& entry : entries_) {
      const bool is_wanted = entry.first.starts_with(prefix) && entry.first >= from;
      if (is_wanted && found.size() < entries_max) found.push_back(entry);
    }
    return found;
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> entries_;
};

inline MasterKey master_key(char fill = 'm') {
  return MasterKey::from_base64(to_base64(std::string(32, fill))).value();
}

}  // namespace keyfold::actors::testing
