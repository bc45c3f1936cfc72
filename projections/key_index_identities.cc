#include "projections/key_index_identities.h"

#include "projections/identity.h"

namespace keyfold::projections {
namespace {

std::unique_ptr<const Identity> make_identity(std::string_view identity_id,
                                              const std::optional<rows::IdentityRow>& row) {
  auto identity = std::make_unique<Identity>();
  identity->identity_id_size = static_cast<std::uint32_t>(identity_id.size());
  identity->exists = row.has_value();
  if (row) {
    identity->external_id_size = static_cast<std::uint32_t>(row->external_id().size());
    identity->text.reserve(identity_id.size() + row->external_id().size() + row->meta_json().size());
  }
  identity->text.append(identity_id);
  if (row) identity->text.append(row->external_id()).append(row->meta_json());
  return identity;
}

}  // namespace

Identities::Identities(Reclaimer& reclaimer)
    : identities_(reclaimer), by_id_(0, Hash{&identities_}, Equal{&identities_}) {
  identities_.add(std::make_unique<const Identity>());
}

std::uint32_t Identities::hold(const std::string& identity_id, const RowReader& rows) {
  if (identity_id.empty()) return 0;
  if (const auto found = by_id_.find(std::string_view(identity_id)); found != by_id_.end()) {
    identities_.hold(*found);
    return *found;
  }
  const std::uint32_t id = identities_.add(make_identity(identity_id, find_identity(rows, identity_id)));
  by_id_.insert(id);
  return id;
}

void Identities::release(std::uint32_t id) {
  if (id == 0) return;
  if (identities_.holders(id) == 1) by_id_.erase(id);
  identities_.release(id);
}

void Identities::change(std::string_view identity_id, const std::optional<std::string>& value) {
  const auto found = by_id_.find(identity_id);
  if (found == by_id_.end()) return;
  std::optional<rows::IdentityRow> row;
  if (value && !row.emplace().ParseFromString(*value)) row.reset();
  identities_.replace(*found, make_identity(identity_id, row));
}

std::uint64_t Identities::bytes() const {
  constexpr std::uint64_t kNodeBytes = 32;
  return identities_.bytes() + by_id_.size() * kNodeBytes + by_id_.bucket_count() * sizeof(void*);
}

}  // namespace keyfold::projections
