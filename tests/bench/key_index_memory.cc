// What the index of keys costs at rest: key_index_memory fill DIRECTORY KEYS stores keys by the projectors, from events
// as createKey makes them; key_index_memory load DIRECTORY KEYS opens the directory as a start does and prints one line
// of JSON. Four partitions, one API each; names of 8 characters; every fourth key has an identity of its own.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "projections/each_partition.h"
#include "projections/index_loader.h"
#include "projections/projector.h"
#include "projections/store.h"
#include "schemas/base/hash.h"

namespace keyfold::projections {
namespace {

constexpr std::uint32_t kPartitions = 4;
constexpr std::uint64_t kKeysPerCommit = 2'000;
constexpr std::uint64_t kLookUps = 200'000;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "key_index_memory: %s\n", why.c_str());
  std::exit(1);
}

void check(const Status& status) {
  if (!status) give_up(status.error().to_string());
}

/// The secret is the number itself: nothing depends on what was hashed.
Digest hash_of(std::uint64_t number) { return sha256("secret_" + std::to_string(number)); }

std::string id_of(const char* prefix, std::uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "%s_%09llu", prefix, static_cast<unsigned long long>(number));
  return text;
}

class Filler {
 public:
  Filler(Store& store, events::PartitionId partition)
      : store_(store), partition_(partition), rows_(store, partition), overlay_(rows_) {
    event_.header.set_workspace_id("ws_" + std::to_string(partition));
    event_.header.set_time_ms(1'750'000'000'000);
    auto& workspace = *event_.payload.mutable_workspace_created();
    workspace.set_workspace_id(event_.header.workspace_id());
    fold(event_, overlay_);
    auto& api = *event_.payload.mutable_api_created();
    api.set_api_id(id_of("api", partition));
    api.set_keyspace_id(id_of("ks", partition));
    fold(event_, overlay_);
    auto& keyspace = *event_.payload.mutable_keyspace_created();
    keyspace.set_keyspace_id(id_of("ks", partition));
    keyspace.set_api_id(id_of("api", partition));
    fold(event_, overlay_);
  }

  void add(std::uint64_t number) {
    const bool has_identity = number / kPartitions % 4 == 0;
    if (has_identity) {
      auto& identity = *event_.payload.mutable_identity_created();
      identity.set_identity_id(id_of("id", number));
      identity.set_external_id("user_" + std::to_string(number));
      fold(event_, overlay_);
    }
    const Digest hash = hash_of(number);
    auto& key = *event_.payload.mutable_key_created();
    key.set_key_id(id_of("key", number));
    key.set_api_id(id_of("api", partition_));
    key.set_keyspace_id(id_of("ks", partition_));
    key.set_hash(hash.data(), hash.size());
    key.set_start("abcd");
    key.set_byte_length(16);
    key.set_name(std::to_string(10'000'000 + number % 90'000'000));
    key.set_enabled(true);
    if (has_identity) key.set_identity_id(id_of("id", number));
    fold(event_, overlay_);
    if (++added_ % kKeysPerCommit == 0) commit();
  }

  void commit() {
    const Changes changes = overlay_.take();
    check(store_.write(partition_, changes, {}));
    overlay_.forget(changes);
  }

 private:
  Store& store_;
  events::PartitionId partition_;
  StoreReader rows_;
  Overlay overlay_;
  events::Event event_;
  std::uint64_t added_ = 0;
};

std::unique_ptr<Store> open(const std::string& directory) {
  auto store = Store::open(directory, Store::Access::kReadWrite);
  if (!store) give_up(store.error().to_string());
  return *std::move(store);
}

void fill(const std::string& directory, std::uint64_t keys) {
  const auto store = open(directory);
  check(for_each_partition(kPartitions, [&](events::PartitionId partition) -> Status {
    Filler filler(*store, partition);
    for (std::uint64_t number = partition; number < keys; number += kPartitions) filler.add(number);
    filler.commit();
    return {};
  }));
  check(store->flush());
}

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  file >> size >> resident;
  return resident * 4096;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double look_up_ns(const std::vector<KeyIndex>& indexes, std::uint64_t keys) {
  std::mt19937_64 random(1);
  std::vector<std::pair<std::size_t, Digest>> wanted;
  for (std::uint64_t i = 0; i < kLookUps; ++i) {
    const std::uint64_t number = random() % keys;
    wanted.emplace_back(number % kPartitions, hash_of(number));
  }
  std::uint64_t found = 0;
  const auto start = std::chrono::steady_clock::now();
  for (const auto& [partition, hash] : wanted) {
    indexes[partition].visit(hash, [&](const KeyView& key) { found += key.enabled ? 1 : 0; });
  }
  const double ns = seconds_since(start) * 1e9 / static_cast<double>(kLookUps);
  if (found != kLookUps) give_up("keys are missing: fill the directory with as many as are loaded");
  return ns;
}

void load(const std::string& directory, std::uint64_t keys) {
  const std::uint64_t before = resident_bytes();
  const auto start = std::chrono::steady_clock::now();
  std::vector<KeyIndex> indexes(kPartitions);
  RootKeyIndex root_keys;
  std::vector<RatelimitIndex> ratelimits(kPartitions);
  {
    const auto store = open(directory);
    check(for_each_partition(kPartitions, [&](events::PartitionId partition) {
      return load_indexes(*store, partition, indexes[partition], root_keys, ratelimits[partition]);
    }));
  }
  const double seconds = seconds_since(start);
  const std::uint64_t resident = resident_bytes() - before;
  std::uint64_t bytes = 0;
  for (const KeyIndex& index : indexes) bytes += index.stats().bytes;
  std::printf(R"({"keys":%llu,"seconds":%.3f,"indexBytes":%llu,"processBytes":%llu,"lookUpNs":%.1f})"
              "\n",
              static_cast<unsigned long long>(keys), seconds, static_cast<unsigned long long>(bytes),
              static_cast<unsigned long long>(resident), look_up_ns(indexes, keys));
}

}  // namespace
}  // namespace keyfold::projections

int main(int argc, char** argv) {
  std::uint64_t keys = 0;
  if (argc == 4) std::from_chars(argv[3], argv[3] + std::strlen(argv[3]), keys);
  const std::string what = argc == 4 ? argv[1] : "";
  if (keys == 0 || (what != "fill" && what != "load")) {
    std::fprintf(stderr, "usage: key_index_memory fill|load DIRECTORY KEYS\n");
    return 2;
  }
  if (what == "fill") keyfold::projections::fill(argv[2], keys);
  if (what == "load") keyfold::projections::load(argv[2], keys);
  return 0;
}
