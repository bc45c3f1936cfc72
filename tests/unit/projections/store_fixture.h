#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "projections/open.h"
#include "projections/projections.h"
#include "tests/temporary_directory.h"
#include "tests/unit/projections/memory_log.h"
#include "tests/unit/projections/random_history.h"

namespace keyfold::projections::testing {

/// A log of two partitions in memory, and directories for projections that vanish at the end.
class ProjectionsTest : public ::testing::Test {
 protected:
  /// Projections that are open; `told_` gets what they reported meanwhile.
  [[nodiscard]] std::unique_ptr<Projections> open(const std::filesystem::path& directory) {
    auto opened = try_open(directory);
    if (!opened) throw std::runtime_error(opened.error().to_string());
    return *std::move(opened);
  }
  [[nodiscard]] std::unique_ptr<Projections> open() { return open(directory_); }

  [[nodiscard]] Result<std::unique_ptr<Projections>> try_open(const std::filesystem::path& directory) {
    told_.clear();
    return open_projections(directory, log_, registry_, [this](const Progress& told) { told_.push_back(told); });
  }

  /// Why they don't open; an error that says "opened" when they do.
  [[nodiscard]] Error refusal() {
    const auto opened = try_open(directory_);
    return opened ? Error{ErrorCode::kInternal, "opened", "", ""} : opened.error();
  }

  /// How many events were folded at the last open.
  [[nodiscard]] std::uint64_t folded() const { return told_.empty() ? 0 : told_.back().done; }

  static std::vector<std::string> lines(const Result<std::vector<StateDigest>>& digests) {
    if (!digests) return {digests.error().to_string()};
    std::vector<std::string> lines;
    for (const StateDigest& digest : *digests) lines.push_back(digest.to_string());
    return lines;
  }
  static std::vector<std::string> digest(const Projections& projections) { return lines(projections.digest()); }

  /// The digest of projections that were made from nothing but the log.
  [[nodiscard]] std::vector<std::string> replayed_digest() {
    const auto fresh = root_ / "replayed";
    std::filesystem::remove_all(fresh);
    return digest(*open(fresh));
  }

  keyfold::testing::TemporaryDirectory temporary_;
  const std::filesystem::path root_ = temporary_.path();
  const std::filesystem::path directory_ = root_ / "projections";
  MemoryLog log_{2};
  std::span<const Projector> registry_ = projectors();
  std::vector<Progress> told_;
};

/// Commits one row.
inline void put(Projections& projections, events::PartitionId partition, Table table, const std::string& key,
                const std::string& value) {
  const Status status = projections.commit(partition, {{table, key, value}}, projections.next(partition) + 1);
  ASSERT_TRUE(status) << status.error().to_string();
}

}  // namespace keyfold::projections::testing
