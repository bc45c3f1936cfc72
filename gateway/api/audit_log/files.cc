#include "gateway/api/audit_log/files.h"

#include <charconv>

namespace keyfold::api {
namespace {

using projections::kDirectoryTree;
using projections::TreeId;

constexpr std::string_view kCheckpoint = "checkpoint";
constexpr std::string_view kTile = "tile/";
constexpr std::string_view kEntries = "entries/";
constexpr unsigned kLevelMax = 63;
constexpr std::string_view kBytes = "application/octet-stream";
/// A tile never changes; what is partial becomes another file.
constexpr const char* kForever = "public, max-age=31536000, immutable";
constexpr const char* kForeverForOne = "private, max-age=31536000, immutable";

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  if (!is_whole || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return number;
}

/// Takes what is before the first slash, and the slash.
std::string_view take_segment(std::string_view& path) {
  const std::size_t end = path.find('/');
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
  return segment;
}

std::optional<TreeId> parse_tree(std::string_view name, std::uint32_t partitions) {
  const auto tree = actors::tree_of_name(name);
  return tree && (*tree == kDirectoryTree || *tree < partitions) ? tree : std::nullopt;
}

tl::unexpected<ApiError> unavailable(const Error& error) {
  return refuse(overloaded("The audit log can't be read: " + error.what + "."));
}

void append_entry(std::string& bundle, std::string_view entry) {
  bundle += static_cast<char>(entry.size() >> 8);
  bundle += static_cast<char>(entry.size() & 0xff);
  bundle += entry;
}

/// The leaves themselves, each behind its length in two bytes: the log holds no header of more than 65,535.
Result<std::string> read_entries(const AuditFile& file, const Services& services) {
  const std::uint64_t first = file.tile.index * events::kTileWidth;
  std::string bundle;
  if (file.tree == kDirectoryTree) {
    for (std::uint64_t i = 0; i < file.tile.width; ++i) {
      const auto leaf = services.audit.directory_leaf(first + i);
      if (!leaf) return leaf;
      append_entry(bundle, *leaf);
    }
    return bundle;
  }
  const auto read =
      services.log.read(file.tree, first, file.tile.width, [&](events::Sequence, events::RecordView record) {
        append_entry(bundle, record.header);
        return true;
      });
  if (!read) return tl::unexpected(read.error());
  return bundle;
}

}  // namespace

std::optional<AuditFile> parse_audit_path(std::string_view path, std::uint32_t partitions) {
  if (!path.starts_with(kAuditPrefix)) return std::nullopt;
  path.remove_prefix(kAuditPrefix.size());
  const auto tree = parse_tree(take_segment(path), partitions);
  if (!tree) return std::nullopt;
  AuditFile file{*tree, AuditFile::Kind::kCheckpoint, {}};
  if (path == kCheckpoint) return file;
  if (!path.starts_with(kTile)) return std::nullopt;
  path.remove_prefix(kTile.size());
  if (path.starts_with(kEntries)) {
    file.kind = AuditFile::Kind::kEntries;
    path.remove_prefix(kEntries.size());
  } else {
    file.kind = AuditFile::Kind::kTile;
    const auto level = parse_number(take_segment(path));
    if (!level || *level > kLevelMax) return std::nullopt;
    file.tile.level = *level;
  }
  const auto number = events::parse_tile_number_path(path);
  if (!number) return std::nullopt;
  file.tile.index = number->index;
  file.tile.width = number->width;
  return file;
}

bool needs_permission(const AuditFile& file, const Services& services) {
  const bool has_entries = file.kind == AuditFile::Kind::kEntries && file.tree != kDirectoryTree;
  return has_entries || !services.audit_is_public;
}

Answered<http::Response> read_audit_file(const AuditFile& file, const Services& services) {
  const auto head = services.audit_logs.head(file.tree);
  if (file.kind == AuditFile::Kind::kCheckpoint) {
    return http::Response{.content_type = "text/plain; charset=utf-8",
                          .body = head->checkpoint,
                          .headers = {{"Cache-Control", "no-cache"}}};
  }
  if (events::tile_in(file.tile.level, file.tile.index, head->size).width < file.tile.width) {
    return refuse(audit_file_not_found());
  }
  auto bytes =
      file.kind == AuditFile::Kind::kTile ? services.audit.tile(file.tree, file.tile) : read_entries(file, services);
  if (!bytes) return unavailable(bytes.error());
  return http::Response{.content_type = kBytes,
                        .body = *std::move(bytes),
                        .headers = {{"Cache-Control", needs_permission(file, services) ? kForeverForOne : kForever}}};
}

}  // namespace keyfold::api
