#include "projections/key_lists.h"

#include <charconv>

#include "keyfold/v1/vault.pb.h"
#include "projections/row_access.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kKeys;

std::string row_of(std::string_view list, const rows::KeyRow& key) {
  return row_key({list, key.workspace_id(), "/", key.key_id()});
}

}  // namespace

std::string list_prefix(std::string_view list, std::string_view workspace_id) {
  return row_key({list, workspace_id, "/"});
}

std::string data_key_of(std::string_view sealed) {
  v1::Sealed parsed;
  if (!parsed.ParseFromArray(sealed.data(), static_cast<int>(sealed.size()))) return {};
  return parsed.data_key_id();
}

std::optional<std::int64_t> find_refill_since(const RowReader& rows, const rows::KeyRow& key) {
  const auto value = rows.get(kTable, row_of(kRefillList, key));
  if (!value) return std::nullopt;
  return refill_since(*value);
}

std::int64_t refill_since(std::string_view value) {
  std::int64_t day = 0;
  std::from_chars(value.data(), value.data() + value.size(), day);
  return day;
}

void list_refill(const rows::KeyRow& key, std::int64_t day, Overlay& rows) {
  if (key.has_refill()) {
    rows.put(kTable, row_of(kRefillList, key), std::to_string(day));
  } else {
    unlist_refill(key, rows);
  }
}

void list_secret(const rows::KeyRow& key, Overlay& rows) {
  if (!key.sealed_secret().empty()) {
    rows.put(kTable, row_of(kSecretList, key), data_key_of(key.sealed_secret()));
  }
}

void unlist_refill(const rows::KeyRow& key, Overlay& rows) { rows.erase(kTable, row_of(kRefillList, key)); }

void unlist_secret(const rows::KeyRow& key, Overlay& rows) { rows.erase(kTable, row_of(kSecretList, key)); }

}  // namespace keyfold::projections
