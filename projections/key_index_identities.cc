#include "projections/key_index_identities.h"

#include "projections/identity.h"

namespace keyfold::projections {
Identities::Identities(Reclaimer& reclaimer, LimitSets& limits)
    : limits_(&limits), identities_(reclaimer), by_id_(0, Hash{&identities_}, Equal{&identities_}) {
  identities_.add(std::make_unique<const Identity>());
}

std::unique_ptr<const Identity> Identities::make(std::string_view identity_id,
                                                 const std::optional<rows::IdentityRow>& row) {
  auto identity = std::make_unique<Identity>();
  identity->identity_id_size = static_cast<std::uint32_t>(identity_id.size());
  identity->exists = row.has_value();
  identity->text = identity_id;
  if (!row) return identity;
  identity->external_id_size = static_cast<std::uint32_t>(row->external_id().size());
  identity->limits = limits_->hold(row->ratelimits());
  std::string packed_ids;
  if (identity->limits != 0) {
    std::string ids;
    append_packed_ids(ids, row->ratelimits());
    append_text(packed_ids, ids);
  }
  identity->text.reserve(identity_id.size() + row->external_id().size() + packed_ids.size() + row->meta_json().size());
  identity->text.append(row->external_id()).append(packed_ids).append(row->meta_json());
  return identity;
}

std::uint32_t Identities::hold(const std::string& identity_id, const RowReader& rows) {
  if (identity_id.empty()) return 0;
  if (const auto found = by_id_.find(std::string_view(identity_id)); found != by_id_.end()) {
    identities_.hold(*found);
    return *found;
  }
  const std::uint32_t id = identities_.add(make(identity_id, find_identity(rows, identity_id)));
  by_id_.insert(id);
  return id;
}

void Identities::release(std::uint32_t id) {
  if (id == 0) return;
  if (identities_.holders(id) == 1) {
    by_id_.erase(id);
    limits_->release(identities_[id].limits);
  }
  identities_.release(id);
}

void Identities::change(std::string_view identity_id, const std::optional<std::string>& value) {
  const auto found = by_id_.find(identity_id);
  if (found == by_id_.end()) return;
  std::optional<rows::IdentityRow> row;
  if (value && !row.emplace().ParseFromString(*value)) row.reset();
  const std::uint32_t old_limits = identities_[*found].limits;
  identities_.replace(*found, make(identity_id, row));
  limits_->release(old_limits);
}

std::uint64_t Identities::bytes() const {
  constexpr std::uint64_t kNodeBytes = 32;
  return identities_.bytes() + by_id_.size() * kNodeBytes + by_id_.bucket_count() * sizeof(void*);
}

}  // namespace keyfold::projections
