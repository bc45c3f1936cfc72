#include <thread>

#include "tests/unit/events/embedded_log_fixture.h"

namespace keyfold::events {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

class ErasableStoreTest : public testing::EmbeddedLogTest {
 protected:
  /// The files of the directory that hold these bytes.
  [[nodiscard]] std::vector<std::string> files_with(const std::string& bytes) const {
    std::vector<std::string> found;
    for (const auto& [name, content] : testing::snapshot(options_.directory)) {
      if (content.find(bytes) != std::string::npos) found.push_back(name);
    }
    return found;
  }
};

TEST_F(ErasableStoreTest, KeepsReplacesAndListsEntriesAcrossReopening) {
  {
    const auto store = open();
    ASSERT_TRUE(store->put("key/b", "2"));
    ASSERT_TRUE(store->put("key/a", "1"));
    ASSERT_TRUE(store->put("other", "3"));
    ASSERT_TRUE(store->put("key/b", "two"));
  }
  const auto store = open();
  EXPECT_EQ(store->get("key/b").value(), "two");
  EXPECT_EQ(store->get("absent").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store->list("key/").value(), (Entries{{"key/a", "1"}, {"key/b", "two"}}));
  EXPECT_EQ(store->list("").value().size(), 3u);
  EXPECT_TRUE(store->list("zzz").value().empty());
}

TEST_F(ErasableStoreTest, ErasedEntryIsGoneAndStaysGone) {
  {
    const auto store = open();
    ASSERT_TRUE(store->put("a", "1"));
    ASSERT_TRUE(store->put("b", "2"));
    ASSERT_TRUE(store->erase("a"));
    ASSERT_TRUE(store->erase("a"));
    EXPECT_EQ(store->get("a").error().code, ErrorCode::kNotFound);
  }
  EXPECT_EQ(open()->list("").value(), (Entries{{"b", "2"}}));
}

TEST_F(ErasableStoreTest, ErasedBytesAreInNoFileOfTheDirectory) {
  const std::string secret = "the wrapped data key that must be forgotten";
  const std::string neighbour = "the wrapped data key that must be kept";
  auto store = open();
  ASSERT_TRUE(testing::append_events(*store, 0, 10));
  ASSERT_TRUE(store->put("ring/1", secret));
  ASSERT_TRUE(store->put("ring/2", neighbour));
  EXPECT_FALSE(files_with(secret).empty());
  ASSERT_TRUE(store->erase("ring/1"));
  EXPECT_EQ(files_with(secret), std::vector<std::string>());
  EXPECT_FALSE(files_with(neighbour).empty());
  store.reset();
  EXPECT_EQ(files_with(secret), std::vector<std::string>());
  EXPECT_EQ(open()->get("ring/2").value(), neighbour);
}

TEST_F(ErasableStoreTest, BytesThatReachedTablesOrWereReplacedAreErasedToo) {
  const std::string first = "the first value of the entry";
  const std::string second = "the second value of the entry";
  {
    const auto store = open();
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(store->put("filler/" + std::to_string(i), std::string(1'000, 'x')));
    ASSERT_TRUE(store->put("ring/1", first));
  }
  {
    const auto store = open();
    ASSERT_TRUE(store->put("ring/1", second));
  }
  const auto store = open();
  EXPECT_FALSE(files_with(first).empty());
  ASSERT_TRUE(store->erase("ring/1"));
  EXPECT_EQ(files_with(first), std::vector<std::string>());
  EXPECT_EQ(files_with(second), std::vector<std::string>());
  EXPECT_EQ(store->list("filler/").value().size(), 50u);
}

TEST_F(ErasableStoreTest, MayBeUsedBesideAppends) {
  const auto log = open();
  bool stored = true;
  std::thread other([&] {
    for (int i = 0; i < 20; ++i) {
      const std::string key = "ring/" + std::to_string(i);
      stored = stored && log->put(key, "value") && log->get(key).value_or("") == "value";
      if (i % 2 == 0) stored = stored && log->erase(key);
    }
  });
  bool appended = true;
  for (int i = 0; i < 200 && appended; ++i) appended = testing::append_events(*log, 0, 1).has_value();
  other.join();
  EXPECT_TRUE(appended);
  EXPECT_TRUE(stored);
  EXPECT_EQ(log->list("ring/").value().size(), 10u);
  EXPECT_TRUE(log->verify_all());
}

}  // namespace
}  // namespace keyfold::events
