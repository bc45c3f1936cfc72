#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/projections/key_index_fixture.h"

namespace keyfold::projections::testing {
namespace {

constexpr int kKeys = 24;

/// A number of [from, below), spread evenly whatever the size that RapidCheck is at.
int any_from(int from, int below) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(from, below)); }

std::string key_id(int i) { return "key_" + std::to_string(i); }

/// Hashes that share home and tag by the dozen, so that only all of their bytes tell them apart.
Digest hash_of(int i) {
  Digest hash{};
  hash.fill(static_cast<std::uint8_t>(i % 2 == 0 ? 0xff : 0));
  hash[31] = static_cast<std::uint8_t>(i);
  return hash;
}

std::string id(const char* prefix, int below) { return prefix + std::to_string(any_from(0, below)); }

std::vector<std::string> ids(const char* prefix, int below) {
  std::vector<std::string> all(static_cast<std::size_t>(any_from(0, 3)));
  for (std::string& one : all) one = id(prefix, below);
  return all;
}

/// Sorted by name, as events have them; a few sets that many share, with ids of their own.
std::vector<v1::Ratelimit> any_limits() {
  std::vector<v1::Ratelimit> limits;
  const int count = any_from(0, 3);
  for (int i = 0; i < count; ++i) {
    limits.push_back(
        make_limit(id("rl_", 1'000), "limit " + std::to_string(i), any_from(1, 3), 1'000, any_from(0, 2) == 0));
  }
  return limits;
}

rows::KeyRow any_key() {
  const int i = any_from(0, kKeys);
  rows::KeyRow row = make_key(key_id(i));
  row.set_hash(bytes_of(hash_of(i)));
  row.set_api_id(id("api_", 3));
  row.set_keyspace_id(id("ks_", 2));
  row.set_name(std::string(static_cast<std::size_t>(any_from(0, 40)), 'n'));
  row.set_meta_json(*rc::gen::element<std::string>("", "{}", R"({"a":1})"));
  row.set_enabled(*rc::gen::arbitrary<bool>());
  if (*rc::gen::arbitrary<bool>()) row.set_expires_at_ms(*rc::gen::arbitrary<std::int64_t>());
  if (*rc::gen::arbitrary<bool>()) row.set_credits_remaining(*rc::gen::arbitrary<std::int64_t>());
  if (*rc::gen::arbitrary<bool>()) row.set_identity_id(id("id_", 3));
  for (const std::string& permission : ids("perm_", 4)) row.add_permission_ids(permission);
  for (const std::string& role : ids("role_", 3)) row.add_role_ids(role);
  const auto limits = any_limits();
  *row.mutable_ratelimits() = {limits.begin(), limits.end()};
  return row;
}

/// One change of the kind that events make, of a key more often than of what keys share.
void change(MapRows& rows) {
  switch (any_from(0, 16)) {
    case 0:
      return rows.put_permission(id("perm_", 4), id("slug.", 4));
    case 1:
      return rows.erase(Table::kPermissions, id("p/perm_", 4));
    case 2:
      return rows.put_role(id("role_", 3), id("name ", 4), ids("perm_", 4));
    case 3:
      return rows.erase(Table::kRoles, id("r/role_", 3));
    case 4:
      return rows.put_identity(id("id_", 3), id("user ", 4), id("{}", 4), any_limits());
    case 5:
      return rows.erase(Table::kIdentities, id("i/id_", 3));
    case 6: {
      const std::string api_id = id("api_", 3);
      const auto api = rows.find<rows::ApiRow>(Table::kApis, "a/" + api_id);
      // Deletion is final, and rare.
      const bool is_deleted = any_from(0, 6) == 0 || (api && api->deleted_at_ms() != 0);
      return rows.put_api(api_id, is_deleted ? 1 : 0, ids("10.0.0.", 3));
    }
    case 7: {
      rows::KeyRow row = any_key();
      row.set_deleted_at_ms(1);
      return rows.put_key(row);
    }
    case 8:
      return rows.erase_key(any_key());
    case 9: {
      auto row = rows.find<rows::KeyRow>(Table::kKeys, "k/" + id("key_", kKeys));
      if (!row || !row->has_credits_remaining()) return;
      row->set_credits_remaining(*rc::gen::arbitrary<std::int64_t>());
      return rows.put_key(*row);
    }
    default:
      return rows.put_key(any_key());
  }
}

RC_GTEST_PROP(KeyIndexProperty, EveryKeyIsSeenAsTheRowsSayAfterAnyHistory, ()) {
  MapRows rows;
  KeyIndex index;
  for (int api = 0; api < 3; ++api) rows.put_api("api_" + std::to_string(api));
  const int batches = any_from(1, 40);
  for (int batch = 0; batch < batches; ++batch) {
    for (int left = any_from(1, 6); left > 0; --left) change(rows);
    rows.apply_to(index);
    std::uint64_t live = 0;
    for (int i = 0; i < kKeys; ++i) {
      const auto should = expected(rows, key_id(i));
      RC_ASSERT(see(index, hash_of(i)) == should);
      live += should ? 1 : 0;
    }
    RC_ASSERT(index.stats().keys == live);
  }
}

RC_GTEST_PROP(KeyIndexProperty, AnIndexLoadedFromTheRowsEqualsTheOneThatFollowedThem, ()) {
  MapRows rows;
  KeyIndex followed;
  for (int api = 0; api < 3; ++api) rows.put_api("api_" + std::to_string(api));
  for (int left = any_from(1, 120); left > 0; --left) {
    change(rows);
    rows.apply_to(followed);
  }
  KeyIndex loaded;
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = "k/" + key_id(i);
    if (const auto row = rows.get(Table::kKeys, key)) loaded.apply({{Table::kKeys, key, row}}, rows);
  }
  for (int i = 0; i < kKeys; ++i) RC_ASSERT(see(loaded, hash_of(i)) == see(followed, hash_of(i)));
  RC_ASSERT(loaded.stats().keys == followed.stats().keys);
}

}  // namespace
}  // namespace keyfold::projections::testing
