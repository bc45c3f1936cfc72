#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <map>

#include "tests/unit/projections/sample_events.h"

namespace keyfold::projections::testing {
namespace {

constexpr Table kTable = Table::kKeys;
using Value = std::optional<std::string>;

TEST(Overlay, ReadsItsOwnWritesOverTheCommittedRows) {
  MapRows committed;
  committed.apply({{kTable, "a", "old"}, {kTable, "b", "old"}, {Table::kApis, "a", "api"}});
  Overlay overlay(committed);
  overlay.put(kTable, "a", "new");
  overlay.erase(kTable, "b");
  EXPECT_EQ(overlay.get(kTable, "a"), "new");
  EXPECT_EQ(overlay.get(kTable, "b"), std::nullopt);
  EXPECT_EQ(overlay.get(Table::kApis, "a"), "api");
}

TEST(Overlay, TakesTheLastWriteOfEachRowInTheOrderOfTheFirst) {
  MapRows committed;
  Overlay overlay(committed);
  overlay.put(kTable, "b", "1");
  overlay.put(kTable, "a", "2");
  overlay.erase(kTable, "b");
  const Changes changes = overlay.take();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].key, "b");
  EXPECT_EQ(changes[0].value, std::nullopt);
  EXPECT_EQ(changes[1].key, "a");
  EXPECT_EQ(changes[1].value, "2");
  EXPECT_TRUE(overlay.take().empty());
  EXPECT_EQ(overlay.get(kTable, "a"), "2");
}

TEST(Overlay, KeepsALaterWriteOfTheSameValueWhenAnEarlierOneIsCommitted) {
  MapRows committed;
  Overlay overlay(committed);
  overlay.put(kTable, "a", "x");
  const Changes first = overlay.take();
  overlay.put(kTable, "a", "y");
  const Changes second = overlay.take();
  overlay.put(kTable, "a", "x");
  const Changes third = overlay.take();
  committed.apply(first);
  overlay.forget(first);
  committed.apply(second);
  overlay.forget(second);
  EXPECT_EQ(overlay.get(kTable, "a"), "x");
}

TEST(Overlay, CountsTheBytesOfEveryWriteUntilTheyAreTaken) {
  MapRows committed;
  Overlay overlay(committed);
  overlay.put(kTable, "ab", "123");
  overlay.put(kTable, "ab", "1");
  overlay.erase(kTable, "abc");
  EXPECT_EQ(overlay.written_bytes(), 5u + 3u + 3u);
  static_cast<void>(overlay.take());
  EXPECT_EQ(overlay.written_bytes(), 0u);
}

/// What an overlay must be, in the simplest form: every batch is kept and looked through from the newest on.
struct Model {
  using Batch = std::map<std::string, Value>;
  Batch committed;
  std::deque<Batch> taken;
  Batch open;

  [[nodiscard]] Value get(const std::string& key) const {
    if (const auto found = open.find(key); found != open.end()) return found->second;
    for (auto batch = taken.rbegin(); batch != taken.rend(); ++batch) {
      if (const auto found = batch->find(key); found != batch->end()) return found->second;
    }
    const auto found = committed.find(key);
    return found == committed.end() ? std::nullopt : found->second;
  }
};

enum class Step { kPut, kErase, kTake, kCommitOldest, kCommitAll, kClear };

/// The changes of several takes as one, the last write of a row only, as a partition commits them.
Changes merge(const Changes& before, const Changes& after) {
  Changes merged;
  for (const Change& change : before) {
    const auto again = [&](const Change& later) { return later.table == change.table && later.key == change.key; };
    if (std::none_of(after.begin(), after.end(), again)) merged.push_back(change);
  }
  merged.insert(merged.end(), after.begin(), after.end());
  return merged;
}

RC_GTEST_PROP(Overlay, ReadsLikeAStackOfBatchesWhateverIsTakenCommittedAndCleared, ()) {
  const auto steps = *rc::gen::container<std::vector<std::tuple<Step, int, int>>>(
      rc::gen::tuple(rc::gen::weightedElement<Step>({{8, Step::kPut},
                                                     {3, Step::kErase},
                                                     {4, Step::kTake},
                                                     {2, Step::kCommitOldest},
                                                     {1, Step::kCommitAll},
                                                     {1, Step::kClear}}),
                     rc::gen::inRange(0, 4), rc::gen::inRange(0, 3)));
  MapRows committed;
  Overlay overlay(committed);
  Model model;
  std::deque<Changes> taken;
  const auto commit = [&](std::size_t batches) {
    Changes changes;
    for (; batches > 0 && !taken.empty(); --batches) {
      changes = merge(changes, taken.front());
      for (const auto& [key, value] : model.taken.front()) model.committed[key] = value;
      taken.pop_front();
      model.taken.pop_front();
    }
    committed.apply(changes);
    overlay.forget(changes);
  };
  for (const auto& [step, row, value] : steps) {
    const std::string key = "key_" + std::to_string(row);
    switch (step) {
      case Step::kPut:
        overlay.put(kTable, key, std::to_string(value));
        model.open[key] = std::to_string(value);
        break;
      case Step::kErase:
        overlay.erase(kTable, key);
        model.open[key] = std::nullopt;
        break;
      case Step::kTake:
        taken.push_back(overlay.take());
        model.taken.push_back(std::exchange(model.open, {}));
        break;
      case Step::kCommitOldest:
        commit(1);
        break;
      case Step::kCommitAll:
        commit(taken.size());
        break;
      case Step::kClear:
        overlay.clear();
        taken.clear();
        model.taken.clear();
        model.open.clear();
        break;
    }
    for (int i = 0; i < 4; ++i) {
      const std::string each = "key_" + std::to_string(i);
      RC_ASSERT(overlay.get(kTable, each) == model.get(each));
    }
  }
  // Once all is committed nothing is held: a change below shows through.
  taken.push_back(overlay.take());
  model.taken.push_back(std::exchange(model.open, {}));
  commit(taken.size());
  for (int i = 0; i < 4; ++i) {
    committed.apply({{kTable, "key_" + std::to_string(i), "below"}});
    RC_ASSERT(overlay.get(kTable, "key_" + std::to_string(i)) == "below");
  }
}

}  // namespace
}  // namespace keyfold::projections::testing
