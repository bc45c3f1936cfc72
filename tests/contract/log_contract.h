#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "events/log.h"

namespace keyfold::events::contract {

/// One implementation's log with three partitions, empty at first; what it needs vanishes with it.
class LogUnderTest {
 public:
  virtual ~LogUnderTest() = default;
  [[nodiscard]] virtual Log& log() = 0;
  /// Closes the log in good order and opens it again.
  virtual void reopen() = 0;
};

inline constexpr std::uint32_t kPartitions = 3;

struct Implementation {
  std::string name;
  std::function<std::unique_ptr<LogUnderTest>()> make;
  /// Records of several partitions in one append: all or nothing, or refused.
  enum class Together { kAtomic, kRefused } together = Together::kAtomic;
  friend void PrintTo(const Implementation& implementation, std::ostream* out) { *out << implementation.name; }
};

/// The suite: instantiate it with an Implementation.
class LogContract : public ::testing::TestWithParam<Implementation> {
 protected:
  void SetUp() override { under_test_ = GetParam().make(); }
  [[nodiscard]] Log& log() { return under_test_->log(); }
  void reopen() { under_test_->reopen(); }
  [[nodiscard]] static bool appends_together() { return GetParam().together == Implementation::Together::kAtomic; }

 private:
  std::unique_ptr<LogUnderTest> under_test_;
};

}  // namespace keyfold::events::contract
