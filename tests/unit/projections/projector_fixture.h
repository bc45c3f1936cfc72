#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "projections/projector.h"
#include "tests/unit/projections/sample_events.h"

namespace keyfold::projections::testing {

/// given(events) and then what the rows are. Every event goes through the codec and all projectors, and is committed.
class ProjectorTest : public ::testing::Test {
 protected:
  ProjectorTest() { given("partition_opened { epoch: 1 }"); }

  /// An event of the workspace ws_1, from protobuf's text form.
  void given(const std::string& event, std::int64_t time_ms = kNowMs) {
    fold(make_event(0, chain_, payload(event), time_ms).second, overlay_);
    const Changes changes = overlay_.take();
    rows_.apply(changes);
    overlay_.forget(changes);
  }

  /// The keys of a table.
  [[nodiscard]] std::set<std::string> keys(Table table) const {
    std::set<std::string> keys;
    for (const auto& [key, value] : rows_.table(table)) keys.insert(key);
    return keys;
  }

  /// Expects the row to be there and to be the one in text form.
  template <class Row>
  static void expect_row(const std::optional<Row>& row, const std::string& text) {
    ASSERT_TRUE(row.has_value());
    EXPECT_EQ(row->DebugString(), parse<Row>(text).DebugString());
  }

  MapRows rows_;

 private:
  Overlay overlay_{rows_};
  events::ChainState chain_;
};

using Keys = std::set<std::string>;

}  // namespace keyfold::projections::testing
