#include "projections/key_index_record.h"

#include <atomic>
#include <cstring>

#include "projections/key_index_limits.h"

namespace keyfold::projections {
namespace {

// Sizes are multiples of 8 and far below 2 GiB.
enum Flag : std::uint32_t { kEnabled = 1, kHasExpiry = 2, kHasCredits = 4, kHasLimits = 1u << 31 };
constexpr std::uint32_t kFlagMask = kEnabled | kHasExpiry | kHasCredits | kHasLimits;

struct Head {
  char hash[32];
  std::uint32_t scope;
  std::uint32_t grant;
  std::uint32_t identity;
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

/// The texts that every record has, and where they end.
struct Texts {
  std::string_view key_id;
  std::string_view name;
  std::string_view meta_json;
  const char* end;
};

Texts texts_of(const char* record) {
  const std::uint32_t flags = head_of(record).size_and_flags;
  const char* at = record + kHeadBytes;
  for (const Flag number : {kHasCredits, kHasExpiry}) at += (flags & number) != 0 ? kNumberBytes : 0;
  const std::size_t key_id = read_length(at);
  const std::size_t name = read_length(at);
  const std::size_t meta = read_length(at);
  return {{at, key_id}, {at + key_id, name}, {at + key_id + name, meta}, at + key_id + name + meta};
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
  if (shared.limits != 0) {
    flags |= kHasLimits;
    append_length(record, shared.limits);
    append_packed_ids(record, row.ratelimits());
  }
  record.resize((record.size() + 7) / 8 * 8);

  Head head{{}, shared.scope, shared.grant, shared.identity, static_cast<std::uint32_t>(record.size()) | flags};
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

SharedParts RecordView::shared() const {
  const Head head = head_of(bytes_);
  SharedParts shared{head.scope, head.grant, head.identity, 0};
  if ((head.size_and_flags & kHasLimits) != 0) {
    const char* at = texts_of(bytes_).end;
    shared.limits = static_cast<std::uint32_t>(read_length(at));
  }
  return shared;
}

std::string_view RecordView::key_id() const { return texts_of(bytes_).key_id; }

std::string_view RecordView::ratelimit_ids() const {
  const char* at = texts_of(bytes_).end;
  (void)read_length(at);
  return {at, static_cast<std::size_t>(bytes_ + size() - at)};
}

KeyView RecordView::view() const {
  const std::uint32_t flags = head_of(bytes_).size_and_flags & kFlagMask;
  const Texts texts = texts_of(bytes_);
  KeyView view;
  view.enabled = (flags & kEnabled) != 0;
  if ((flags & kHasCredits) != 0) view.credits_remaining = credits_at(bytes_).load(std::memory_order_acquire);
  if ((flags & kHasExpiry) != 0) {
    const char* at = bytes_ + kHeadBytes + ((flags & kHasCredits) != 0 ? kNumberBytes : 0);
    std::memcpy(&view.expires_at_ms.emplace(), at, kNumberBytes);
  }
  view.key_id = texts.key_id;
  view.name = texts.name;
  view.meta_json = texts.meta_json;
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
