#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "ops/cli/bootstrap.h"
#include "ops/cli/config.h"
#include "ops/cli/logging.h"
#include "ops/cli/node.h"
#include "tests/temporary_directory.h"

namespace keyfold::ops::testing {

/// A data directory below the system's temporary one and its configuration; both end with the test.
class NodeFixture : public ::testing::Test {
 protected:
  NodeFixture() {
    start_logging("off");
    config.set_data_directory(directory / "data");
  }

  [[nodiscard]] std::unique_ptr<Node> open() const {
    auto node = Node::open(config);
    if (!node) {
      ADD_FAILURE() << node.error().to_string();
      return nullptr;
    }
    return *std::move(node);
  }
  static std::optional<Bootstrapped> bootstrap(Node& node) {
    return ops::bootstrap(node.projections(), node.runtime(), node.clock(), "first").value();
  }
  /// A stopped directory with a workspace and a root key.
  void make_directory() const {
    const auto node = open();
    EXPECT_TRUE(bootstrap(*node));
    EXPECT_TRUE(node->close());
  }

  keyfold::testing::TemporaryDirectory temporary;
  const std::filesystem::path directory = temporary.path();
  v1::Config config = default_config();
};

}  // namespace keyfold::ops::testing
