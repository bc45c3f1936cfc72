#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <tl/expected.hpp>
#include <unordered_map>

namespace keyfold::subscriptions {

class SubscriberLimits;

/// A counted place of one subscriber; given back when it is destroyed. Move-only.
class Seat {
 public:
  Seat() = default;
  Seat(Seat&& other) noexcept;
  Seat& operator=(Seat&&) = delete;
  ~Seat() { leave(); }
  /// Gives it back before.
  void leave();

 private:
  friend class SubscriberLimits;
  Seat(SubscriberLimits& limits, std::string workspace_id) : limits_(&limits), workspace_id_(std::move(workspace_id)) {}

  SubscriberLimits* limits_ = nullptr;
  std::string workspace_id_;
};

/// Counts subscribers, in all and per workspace. Thread-safe; outlives the seats.
class SubscriberLimits {
 public:
  /// The limit that is reached.
  enum class Full : std::uint8_t { kServer, kWorkspace };

  SubscriberLimits(std::size_t subscribers_max, std::size_t per_workspace_max)
      : subscribers_max_(subscribers_max), per_workspace_max_(per_workspace_max) {}

  [[nodiscard]] tl::expected<Seat, Full> enter(const std::string& workspace_id);
  [[nodiscard]] std::size_t seated() const;

 private:
  friend class Seat;
  void leave(const std::string& workspace_id);

  const std::size_t subscribers_max_;
  const std::size_t per_workspace_max_;
  mutable std::mutex mutex_;
  std::size_t seated_ = 0;
  std::unordered_map<std::string, std::size_t> by_workspace_;
};

}  // namespace keyfold::subscriptions
