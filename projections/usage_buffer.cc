#include "projections/usage_buffer.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>

namespace keyfold::projections {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

constexpr std::size_t kUnitBytes = 1024;
constexpr std::size_t kShardBytesAtFirst = std::size_t{16} << 10;

std::size_t shard_of_thread() {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t number = threads.fetch_add(1, std::memory_order_relaxed);
  return number;
}

}  // namespace

bool UsageBuffer::add(int field, const google::protobuf::MessageLite& record) {
  const auto tag = WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  const std::size_t size = record.ByteSizeLong();
  const std::size_t all =
      CodedOutputStream::VarintSize32(tag) + CodedOutputStream::VarintSize32(static_cast<std::uint32_t>(size)) + size;
  const std::size_t units = 1 + all / kUnitBytes;
  const std::size_t first = shard_of_thread();
  for (std::size_t i = 0; i < kShards; ++i) {
    Shard& shard = shards_[(first + i) % kShards];
    const std::unique_lock lock(shard.mutex, std::try_to_lock);
    if (!lock || shard.units + units > units_of_shard_max_) continue;
    const std::size_t at = shard.bytes.size();
    shard.bytes.resize(at + all);
    auto* out = reinterpret_cast<std::uint8_t*>(shard.bytes.data()) + at;
    out = CodedOutputStream::WriteTagToArray(tag, out);
    out = CodedOutputStream::WriteVarint32ToArray(static_cast<std::uint32_t>(size), out);
    record.SerializeWithCachedSizesToArray(out);
    shard.units += units;
    return true;
  }
  return false;
}

void UsageBuffer::take(std::vector<std::string>& out) {
  for (Shard& shard : shards_) {
    std::string empty;
    empty.reserve(shard.reserve);
    {
      const std::lock_guard lock(shard.mutex);
      if (shard.bytes.empty()) continue;
      std::swap(shard.bytes, empty);
      shard.units = 0;
    }
    // What the last interval needed, so that the next one rarely has to grow its buffer.
    shard.reserve = std::max(kShardBytesAtFirst, empty.size() + empty.size() / 4);
    out.push_back(std::move(empty));
  }
}

std::vector<UsagePiece> split_usage(std::string_view bytes, std::size_t bytes_max) {
  std::vector<UsagePiece> pieces;
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  std::size_t begin = 0;
  UsagePiece piece;
  while (in.ReadTag() != 0) {
    std::uint32_t size = 0;
    if (!in.ReadVarint32(&size) || !in.Skip(static_cast<int>(size))) break;
    const auto end = static_cast<std::size_t>(in.CurrentPosition());
    if (piece.records > 0 && end - begin > bytes_max) {
      pieces.push_back(piece);
      begin += piece.bytes.size();
      piece = {};
    }
    piece.bytes = bytes.substr(begin, end - begin);
    ++piece.records;
  }
  if (piece.records > 0) pieces.push_back(piece);
  return pieces;
}

}  // namespace keyfold::projections
