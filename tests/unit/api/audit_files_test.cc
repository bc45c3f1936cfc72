#include "gateway/api/audit_log/files.h"

#include <gtest/gtest.h>

namespace keyfold::api {
namespace {

using Kind = AuditFile::Kind;

constexpr std::uint32_t kPartitions = 4;

TEST(AuditFiles, PathsNameLogAndFile) {
  const auto checkpoint = parse_audit_path("/audit/3/checkpoint", kPartitions);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->tree, 3u);
  EXPECT_EQ(checkpoint->kind, Kind::kCheckpoint);
  const auto tile = parse_audit_path("/audit/directory/tile/1/x001/x234/067.p/8", kPartitions);
  ASSERT_TRUE(tile);
  EXPECT_EQ(tile->tree, projections::kDirectoryTree);
  EXPECT_EQ(tile->kind, Kind::kTile);
  EXPECT_EQ(tile->tile, (events::Tile{1, 1'234'067, 8}));
  const auto entries = parse_audit_path("/audit/0/tile/entries/000", kPartitions);
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->kind, Kind::kEntries);
  EXPECT_EQ(entries->tile, (events::Tile{0, 0, 256}));
}

TEST(AuditFiles, OtherPathsNameNone) {
  for (const char* path :
       {"/audit/", "/audit/4/checkpoint", "/audit/00/checkpoint", "/audit/-1/checkpoint", "/audit/65535/checkpoint",
        "/audit/0", "/audit/0/", "/audit/0/checkpoint/", "/audit/0/checkpointx", "/audit/0/tile", "/audit/0/tile/0",
        "/audit/0/tile/00/000", "/audit/0/tile/64/000", "/audit/0/tile/0/0", "/audit/0/tile/0/000.p/0",
        "/audit/0/tile/0/000.p/256", "/audit/0/tile/entries/", "/audit/0/tile/entries/x000/001",
        "/other/0/checkpoint"}) {
    EXPECT_FALSE(parse_audit_path(path, kPartitions)) << path;
  }
}

}  // namespace
}  // namespace keyfold::api
