#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "events/embedded_usage_log.h"
#include "projections/usage_store.h"
#include "tests/temporary_directory.h"

namespace keyfold::projections::testing {

/// A verification of a key of one workspace and keyspace; without an external id the key has no identity.
struct Verified {
  std::string key_id;
  std::string external_id;
  std::int64_t time_ms = 0;
  std::string outcome = "VALID";
};

inline v1::Verification verification_of(const Verified& verified) {
  v1::Verification verification;
  verification.set_workspace_id("ws_1");
  verification.set_keyspace_id("ks_1");
  verification.set_key_id(verified.key_id);
  verification.set_external_id(verified.external_id);
  verification.set_time_ms(verified.time_ms);
  verification.set_outcome(verified.outcome);
  return verification;
}

/// A usage stream and its read models in a directory of their own.
class UsageFixture : public ::testing::Test {
 protected:
  UsageFixture() { open(); }

  void open() {
    log = events::EmbeddedUsageLog::open({directory.path() / "usage"}).value();
    store = UsageStore::open(options(), *log).value();
  }
  void close() {
    store.reset();
    log.reset();
  }
  /// As if the process had been killed: nothing but what was flushed survives of the read models.
  void reopen() {
    close();
    open();
  }
  [[nodiscard]] UsageStoreOptions options() const { return {.directory = directory.path() / "projections"}; }

  void append(v1::UsageBatch batch, std::int64_t time_ms = 0) {
    batch.set_time_ms(time_ms);
    const auto sequence = log->append(time_ms, batch.SerializeAsString());
    ASSERT_TRUE(sequence);
  }
  void append(const std::vector<Verified>& verified) {
    v1::UsageBatch batch;
    for (const Verified& one : verified) *batch.add_verifications() = verification_of(one);
    append(std::move(batch));
    const Status folded = store->catch_up();
    ASSERT_TRUE(folded) << folded.error().to_string();
  }

  /// `bucket key outcome count` for each, joined by commas; times in minutes.
  [[nodiscard]] std::string counts(VerificationQuery query) const {
    query.workspace_id = "ws_1";
    std::string found;
    const Status visited = store->visit_verifications(query, [&](const VerificationCount& count) {
      if (!found.empty()) found += ", ";
      found += std::to_string(count.bucket_ms / 60'000) + " " + std::string(count.key_id) + " " +
               std::string(count.outcome) + " " + std::to_string(count.count);
    });
    return visited ? found : visited.error().to_string();
  }
  [[nodiscard]] std::int64_t last_used(const std::string& key_id) const {
    return store->last_used_at_ms("ws_1", key_id).value();
  }
  /// Tokens by `counter/duration/window`.
  [[nodiscard]] std::map<std::string, std::int64_t> windows(std::int64_t now_ms) const {
    std::map<std::string, std::int64_t> found;
    const auto visited = store->visit_live_windows(
        now_ms, [&](std::string_view counter, std::int64_t duration_ms, std::int64_t window, std::int64_t tokens) {
          found[std::string(counter) + "/" + std::to_string(duration_ms) + "/" + std::to_string(window)] = tokens;
        });
    EXPECT_EQ(visited.value(), store->next());
    return found;
  }

  keyfold::testing::TemporaryDirectory directory;
  std::unique_ptr<events::EmbeddedUsageLog> log;
  std::unique_ptr<UsageStore> store;
};

}  // namespace keyfold::projections::testing
