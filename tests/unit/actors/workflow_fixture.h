#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>

#include "actors/submit.h"
#include "actors/vault/vault.h"
#include "events/embedded_log.h"
#include "projections/key.h"
#include "tests/temporary_directory.h"
#include "tests/unit/actors/memory_store.h"
#include "tests/unit/actors/scenario.h"

namespace keyfold::actors::testing {

/// A log, read models, a runtime and a vault in a directory; `restart` closes and opens all of it. The clock stands
/// still at kNow until it is moved.
class WorkflowFixture : public ::testing::Test {
 protected:
  WorkflowFixture() { open(); }

  void restart(const RuntimeOptions& options = {}) {
    close();
    log.reset();
    open(options);
  }
  /// Everything but the log.
  void close() {
    vault.reset();
    runtime.reset();
    projections.reset();
  }

  std::future<Outcome> ask_later(const std::string& workspace_id, const std::string& text) {
    v1::Command command = parse_command("workspace_id: '" + workspace_id + "' " + text);
    command.set_time_ms(clock.now_ms());
    return submit(*runtime, std::move(command));
  }
  Outcome ask(const std::string& workspace_id, const std::string& text) { return ask_later(workspace_id, text).get(); }

  /// A workspace with an API `<id>_api`.
  void furnish(const std::string& id) {
    ASSERT_TRUE(ask(id, "create_workspace { workspace_id: '" + id + "' }"));
    ASSERT_TRUE(ask(id, "create_api { api_id: '" + id + "_api' keyspace_id: '" + id + "_ks' name: 'n' }"));
  }
  static std::string create_key(const std::string& workspace_id, const std::string& key_id,
                                const std::string& members) {
    return "create_key { enabled: true key_id: '" + key_id + "' api_id: '" + workspace_id + "_api' hash: '" +
           std::string(32 - key_id.size(), '.') + key_id + "' " + members + " }";
  }
  void make_key(const std::string& workspace_id, const std::string& key_id, const std::string& members) {
    ASSERT_TRUE(ask(workspace_id, create_key(workspace_id, key_id, members)));
  }
  [[nodiscard]] const projections::RowReader& rows(const std::string& workspace_id) const {
    return projections->reader(events::partition_of(workspace_id, projections->partitions()));
  }
  [[nodiscard]] rows::KeyRow key(const std::string& workspace_id, const std::string& key_id) const {
    return projections::find_key(rows(workspace_id), key_id).value_or(rows::KeyRow());
  }
  /// How many events of that type are on the log.
  [[nodiscard]] int count(const std::string& type) const {
    int found = 0;
    for (events::PartitionId partition = 0; partition < log->partitions(); ++partition) {
      const auto read = log->read(partition, 0, 1'000'000, [&](events::Sequence, events::RecordView record) {
        v1::EventHeader header;
        if (header.ParseFromArray(record.header.data(), static_cast<int>(record.header.size()))) {
          found += header.type() == type ? 1 : 0;
        }
        return true;
      });
      EXPECT_TRUE(read);
    }
    return found;
  }

  keyfold::testing::TemporaryDirectory directory;
  ManualClock clock{kNow};
  std::unique_ptr<events::EmbeddedLog> log;
  std::unique_ptr<projections::Projections> projections;
  std::unique_ptr<Runtime> runtime;
  std::unique_ptr<Vault> vault;

 private:
  void open(const RuntimeOptions& options = {}) {
    log = events::EmbeddedLog::open({.directory = directory.path() / "log"}).value();
    projections = projections::Projections::open(directory.path() / "projections", *log, {}).value();
    runtime = std::make_unique<Runtime>(*log, *projections, clock, options);
    EXPECT_TRUE(runtime->start());
    vault = std::make_unique<Vault>(*log, master_key(), clock);
  }
};

}  // namespace keyfold::actors::testing
