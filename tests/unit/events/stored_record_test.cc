#include "events/stored_record.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace keyfold::events {
namespace {

std::string text(const auto& bytes) { return {bytes.data(), bytes.size()}; }

std::string stored_value(const Position& position, const Record& record) {
  const StoredFrame frame = stored_frame(position, {record.header, record.payload});
  return text(frame.header_bytes) + record.header + record.payload + text(frame.checksum);
}

const Position kPosition{2, 300};
const Record kRecord{"the header", "the payload"};

TEST(StoredRecord, KeysSortByPartitionThenSequence) {
  const bool holds = rc::check([](std::uint32_t p1, std::uint64_t s1, std::uint32_t p2, std::uint64_t s2) {
    RC_ASSERT((text(stored_key({p1, s1})) < text(stored_key({p2, s2}))) == (std::pair(p1, s1) < std::pair(p2, s2)));
    RC_ASSERT(parse_stored_key(text(stored_key({p1, s1}))) == Position({p1, s1}));
  });
  EXPECT_TRUE(holds);
}

TEST(StoredRecord, ComesBackAsItWasStored) {
  const bool holds = rc::check(
      [](std::uint32_t partition, std::uint64_t sequence, const std::string& header, const std::string& payload) {
        const Position position{partition, sequence};
        const std::string value = stored_value(position, {header, payload});
        const auto record = parse_stored_value(position, value);
        RC_ASSERT(record.has_value());
        RC_ASSERT(record->header == header);
        RC_ASSERT(record->payload == payload);
      });
  EXPECT_TRUE(holds);
}

TEST(StoredRecord, LayoutNeverChanges) {
  EXPECT_EQ(stored_value(kPosition, kRecord),
            std::string("\x0a\0\0\0the headerthe payload", 25) + stored_value(kPosition, kRecord).substr(25));
  EXPECT_EQ(text(stored_key(kPosition)), std::string("\0\0\0\x02\0\0\0\0\0\0\x01\x2c", 12));
  EXPECT_EQ(stored_value({0, 0}, {"", ""}).size(), 8u);
}

TEST(StoredRecord, EveryFlippedBitIsNoticed) {
  const std::string whole = stored_value(kPosition, kRecord);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(parse_stored_value(kPosition, damaged).has_value()) << bit;
  }
}

TEST(StoredRecord, EveryTruncationIsNoticed) {
  const std::string whole = stored_value(kPosition, kRecord);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_stored_value(kPosition, std::string_view(whole).substr(0, size)).has_value()) << size;
  }
}

TEST(StoredRecord, ByteMovedFromHeaderToPayloadIsNoticed) {
  std::string moved = stored_value(kPosition, kRecord);
  moved[0] = 9;  // the same bytes, split one earlier
  EXPECT_FALSE(parse_stored_value(kPosition, moved).has_value());
}

TEST(StoredRecord, RecordOfAnotherPositionIsNoticed) {
  const std::string value = stored_value(kPosition, kRecord);
  EXPECT_FALSE(parse_stored_value({2, 301}, value).has_value());
  EXPECT_FALSE(parse_stored_value({3, 300}, value).has_value());
}

}  // namespace
}  // namespace keyfold::events
