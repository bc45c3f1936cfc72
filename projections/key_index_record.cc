#include "projections/key_index_record.h"

#include <atomic>
#include <cstring>

namespace keyfold::projections {
namespace {

enum Flag : std::uint32_t { kEnabled = 1, kHasExpiry = 2, kHasCredits = 4 };
constexpr std::uint32_t kFlagMask = 7;  // sizes are multiples of 8

struct Head {
  char hash[32];
  SharedParts shared;
  std::uint32_t size_and_flags;
};
constexpr std::size_t kHeadBytes = 48;
static_assert(sizeof(Head) == kHeadBytes);
constexpr std::size_t kNumberBytes = 8;
constexpr std::size_t kCreditsAt = kHeadBytes;

Head head_of(const char* bytes) {
  Head head;
  std::memcpy(&head, bytes, kHeadBytes);
  return head;
}

void append_number(std::string& record, std::int64_t number) {
  char bytes[kNumberBytes];
  std::memcpy(bytes, &number, kNumberBytes);
  record.append(bytes, kNumberBytes);
}

void append_length(std::string& record, std::size_t length) {
  for (; length >= 0x80; length >>= 7) record.push_back(static_cast<char>(length | 0x80));
  record.push_back(static_cast<char>(length));
}

std::size_t read_length(const char*& at) {
  std::size_t length = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    length |= std::size_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return length;
  }
}

std::atomic_ref<std::int64_t> credits_at(char* record) {
  return std::atomic_ref<std::int64_t>(*reinterpret_cast<std::int64_t*>(record + kCreditsAt));
}

}  // namespace

void encode_record(const rows::KeyRow& row, const SharedParts& shared, std::string& record) {
  record.resize(kHeadBytes);
  std::uint32_t flags = row.enabled() ? std::uint32_t{kEnabled} : 0;
  if (row.has_credits_remaining()) {
    flags |= kHasCredits;
    append_number(record, row.credits_remaining());
  }
  if (row.has_expires_at_ms()) {
    flags |= kHasExpiry;
    append_number(record, row.expires_at_ms());
  }
  for (const std::string* text : {&row.key_id(), &row.name(), &row.meta_json()}) append_length(record, text->size());
  record.append(row.key_id()).append(row.name()).append(row.meta_json());
  record.resize((record.size() + 7) / 8 * 8);

  Head head{{}, shared, static_cast<std::uint32_t>(record.size()) | flags};
  std::memcpy(head.hash, row.hash().data(), sizeof head.hash);
  std::memcpy(record.data(), &head, kHeadBytes);
}

std::uint32_t RecordView::size() const { return head_of(bytes_).size_and_flags & ~kFlagMask; }

bool RecordView::has_hash(const char* hash) const {
  std::uint64_t difference = 0;
  for (std::size_t at = 0; at < sizeof Head::hash; at += 8) {
    std::uint64_t mine = 0;
    std::uint64_t other = 0;
    std::memcpy(&mine, bytes_ + at, 8);
    std::memcpy(&other, hash + at, 8);
    difference |= mine ^ other;
  }
  return difference == 0;
}

SharedParts RecordView::shared() const { return head_of(bytes_).shared; }

std::string_view RecordView::key_id() const { return view().key_id; }

KeyView RecordView::view() const {
  const std::uint32_t flags = head_of(bytes_).size_and_flags & kFlagMask;
  const char* at = bytes_ + kHeadBytes;
  KeyView view;
  view.enabled = (flags & kEnabled) != 0;
  if ((flags & kHasCredits) != 0) {
    view.credits_remaining = credits_at(bytes_).load(std::memory_order_acquire);
    at += kNumberBytes;
  }
  if ((flags & kHasExpiry) != 0) {
    std::memcpy(&view.expires_at_ms.emplace(), at, kNumberBytes);
    at += kNumberBytes;
  }
  const std::size_t key_id = read_length(at);
  const std::size_t name = read_length(at);
  const std::size_t meta = read_length(at);
  view.key_id = {at, key_id};
  view.name = {at + key_id, name};
  view.meta_json = {at + key_id + name, meta};
  return view;
}

bool RecordView::same_but_credits(const std::string& record) const {
  if (size() != record.size()) return false;
  // Equal heads mean equal flags: both have credits or neither has.
  const bool has_credits = (head_of(bytes_).size_and_flags & kHasCredits) != 0;
  const std::size_t rest = kHeadBytes + (has_credits ? kNumberBytes : 0);
  return std::memcmp(bytes_, record.data(), kHeadBytes) == 0 &&
         std::memcmp(bytes_ + rest, record.data() + rest, record.size() - rest) == 0;
}

void RecordView::copy_credits(const std::string& record) const {
  if ((head_of(bytes_).size_and_flags & kHasCredits) == 0) return;
  std::int64_t credits = 0;
  std::memcpy(&credits, record.data() + kCreditsAt, kNumberBytes);
  credits_at(bytes_).store(credits, std::memory_order_release);
}

}  // namespace keyfold::projections
