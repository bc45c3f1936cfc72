// The part of DataKeys that goes through all of them.
#include <algorithm>

#include "actors/vault/data_keys.h"
#include "schemas/base/fault_point.h"

namespace keyfold::actors {
namespace {

constexpr std::string_view kDataKeyPrefix = "dek/";
constexpr std::size_t kPage = 1'000;

/// What follows a key in the store's order.
std::string behind(std::string key) { return std::move(key) + '\0'; }

bool lives(const DataKeyInfo& info, std::int64_t now_ms) {
  return info.destroy_after_ms == 0 || info.destroy_after_ms > now_ms;
}

}  // namespace

Result<std::vector<DataKeyInfo>> DataKeys::list(const std::string& after_id, std::size_t keys_max) const {
  const std::string from = after_id.empty() ? std::string() : behind(std::string(kDataKeyPrefix) + after_id);
  const auto entries = store_.list(kDataKeyPrefix, from, keys_max);
  if (!entries) return tl::unexpected(entries.error());
  std::vector<DataKeyInfo> infos;
  infos.reserve(entries->size());
  for (const auto& [entry, value] : *entries) {
    v1::WrappedDataKey wrapped;
    if (!wrapped.ParseFromString(value) || entry.substr(kDataKeyPrefix.size()) != wrapped.data_key_id()) {
      return fail(ErrorCode::kDataLoss, "a data key is damaged, or belongs elsewhere", entry,
                  "restore the log's directory from a backup");
    }
    const auto current = latest_id(wrapped.ring());
    if (!current && current.error().code != ErrorCode::kNotFound) return tl::unexpected(current.error());
    const bool is_latest = current && *current == wrapped.data_key_id();
    infos.push_back({wrapped.data_key_id(), wrapped.ring(), wrapped.master_key_id(), wrapped.created_at_ms(),
                     wrapped.destroy_after_ms(),
                     is_latest ? DataKeyInfo::Place::kLatest : DataKeyInfo::Place::kSuperseded});
  }
  return infos;
}

Status DataKeys::visit(const std::function<Status(const DataKeyInfo&)>& visitor) const {
  for (std::string after;;) {
    const auto page = list(after, kPage);
    if (!page) return tl::unexpected(page.error());
    for (const DataKeyInfo& info : *page) {
      if (Status visited = visitor(info); !visited) return visited;
    }
    if (page->size() < kPage) return {};
    after = page->back().id;
  }
}

Status DataKeys::check_master_keys() const {
  std::uint64_t orphans = 0;
  std::string example;
  Status visited = visit([&](const DataKeyInfo& info) -> Status {
    if (!lives(info, clock_.now_ms()) || wrapping_keys_.contains(info.master_key_id)) return {};
    ++orphans;
    example = info.master_key_id;
    return {};
  });
  if (!visited || orphans == 0) return visited;
  return fail(ErrorCode::kFailedPrecondition,
              std::to_string(orphans) + " data keys are wrapped by a master key that is not configured", example,
              "set vault.previous_master_key or vault.previous_master_key_file to the key with that id, start, run "
              "`keyfold vault rotate-master`, and only then take it out");
}

Result<RotationStep> DataKeys::rewrap(std::size_t keys_max) {
  RotationStep step;
  const Status visited = visit([&](const DataKeyInfo& info) -> Status {
    if (info.master_key_id == current_master_ || !lives(info, clock_.now_ms())) return {};
    if (step.done == keys_max) {
      ++step.left;
      return {};
    }
    if (Status done = rewrap_one(info.id); !done) return done;
    ++step.done;
    KEYFOLD_FAULT_POINT("vault.rewrapped");
    return {};
  });
  if (!visited) return tl::unexpected(visited.error());
  return step;
}

/// Reads it anew, because it may have been destroyed since it was listed, and must not come back.
Status DataKeys::rewrap_one(const std::string& id) {
  const std::lock_guard changes(changes_);
  auto wrapped = read(id);
  if (!wrapped) return wrapped.error().code == ErrorCode::kNotFound ? Status() : tl::unexpected(wrapped.error());
  const auto bytes = unwrap(*wrapped);
  if (!bytes) return tl::unexpected(bytes.error());
  if (Status done = wrap(bytes->view(), *wrapped); !done) return done;
  if (Status put = store_.put(std::string(kDataKeyPrefix) + id, wrapped->SerializeAsString()); !put) return put;
  rewrapped.fetch_add(1, std::memory_order_relaxed);
  return {};
}

Status DataKeys::rotate(const std::string& ring) {
  if (ring.starts_with(kFixedRingPrefix)) {
    return fail(ErrorCode::kInvalidArgument, "the ring's data key is never replaced", ring);
  }
  const std::lock_guard changes(changes_);
  const auto id = latest_id(ring);
  if (!id) {
    if (id.error().code != ErrorCode::kNotFound) return tl::unexpected(id.error());
    return fail(ErrorCode::kNotFound, "the vault has no data key for this ring", ring);
  }
  const auto wrapped = read(*id);
  if (!wrapped) return tl::unexpected(wrapped.error());
  if (wrapped->destroy_after_ms() != 0) {
    return fail(ErrorCode::kInvalidArgument, "the ring's data keys are destroyed by the clock", ring,
                "there is nothing to do");
  }
  const auto made_key = create(ring, clock_.now_ms(), 0);
  if (!made_key) return tl::unexpected(made_key.error());
  return {};
}

Result<RotationStep> DataKeys::rotate_all(std::int64_t before_ms, std::size_t rings_max) {
  RotationStep step;
  const Status visited = visit([&](const DataKeyInfo& info) -> Status {
    const bool is_due = info.place == DataKeyInfo::Place::kLatest && info.destroy_after_ms == 0 &&
                        info.created_at_ms < before_ms && !info.ring.starts_with(kFixedRingPrefix);
    if (!is_due) return {};
    if (step.done == rings_max) {
      ++step.left;
      return {};
    }
    const std::lock_guard changes(changes_);
    const auto current = latest_id(info.ring);
    if (!current || *current != info.id) return {};  // rotated in between
    // Never before `before_ms`, or a clock that was set back would have it rotated again and again.
    const auto made_key = create(info.ring, std::max(before_ms, clock_.now_ms()), 0);
    if (!made_key) return tl::unexpected(made_key.error());
    ++step.done;
    KEYFOLD_FAULT_POINT("vault.rotated");
    return {};
  });
  if (!visited) return tl::unexpected(visited.error());
  return step;
}

}  // namespace keyfold::actors
