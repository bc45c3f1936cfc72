// How fast a log is read again: replay_speed DIRECTORY EVENTS PARTITIONS makes a log of key events (one in eight
// creates a key, the others change one), reads its bytes once with nothing but RocksDB, folds it into all read models,
// makes snapshots along the way, and asks for the state at 20 moments spread over it. Prints one line of JSON.
#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "events/embedded_log.h"
#include "events/log_prefix.h"
#include "projections/as_of.h"
#include "projections/key.h"
#include "projections/snapshots.h"
#include "schemas/base/random.h"

namespace keyfold {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kAppendEvents = 5'000;
constexpr std::uint64_t kEventsPerKey = 8;
constexpr std::uint64_t kSnapshotEvents = 100'000;  // the default of snapshots.interval_events
constexpr std::uint64_t kMoments = 20;
constexpr std::int64_t kStartMs = 1'750'000'000'000;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "replay_speed: %s\n", why.c_str());
  std::exit(1);
}
template <class T>
T must(Result<T> result) {
  if (!result) give_up(result.error().to_string());
  return *std::move(result);
}
void must(const Status& status) {
  if (!status) give_up(status.error().to_string());
}
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Events of one partition, each following from the one before.
class Writer {
 public:
  Writer(events::Log& log, events::PartitionId partition) : log_(log), partition_(partition) {
    v1::Payload opened;
    opened.mutable_partition_opened()->set_epoch(1);
    chain_.epoch = 0;
    add(opened, "", "", 1);
    workspace_ = "ws_" + std::to_string(partition);
    v1::Payload payload;
    payload.mutable_workspace_created()->set_workspace_id(workspace_);
    add(payload, "workspace", workspace_);
  }

  void add_key_event(std::uint64_t number) {
    v1::Payload payload;
    const std::uint64_t key = number / kEventsPerKey;
    std::string id = "key_" + std::to_string(partition_) + "x" + std::to_string(key);
    const bool is_new = number % kEventsPerKey == 0;
    if (is_new) {
      const Digest hash = sha256(id);
      auto& created = *payload.mutable_key_created();
      created.set_key_id(id);
      created.set_api_id("api_1");
      created.set_keyspace_id("ks_1");
      created.set_hash(hash.data(), hash.size());
      created.set_start("abcd");
      created.set_name("key number " + std::to_string(key));
      created.set_enabled(true);
      created.set_credits_remaining(1'000);
    } else {
      // Of any key so far, as real traffic would.
      const std::uint64_t other = random_() % (key + 1);
      id = "key_" + std::to_string(partition_) + "x" + std::to_string(other);
      if (number % kEventsPerKey == 1) {
        payload.mutable_key_updated()->set_key_id(id);
        payload.mutable_key_updated()->mutable_name()->set_value("renamed " + std::to_string(number));
      } else {
        payload.mutable_key_credits_spent()->set_key_id(id);
        payload.mutable_key_credits_spent()->set_cost(1);
        payload.mutable_key_credits_spent()->set_remaining(static_cast<std::int64_t>(number % 1'000));
      }
    }
    add(payload, "key", id);
    if (append_.records.size() >= kAppendEvents) flush();
  }

  void flush() {
    if (append_.records.empty()) return;
    append_.partition = partition_;
    append_.first = chain_.next - append_.records.size();
    must(log_.append({&append_, 1}));
    append_.records.clear();
  }

 private:
  void add(const v1::Payload& payload, const std::string& kind, const std::string& id, std::uint64_t epoch = 0) {
    v1::EventHeader header;
    const auto event_id = make_uuid_v7(kStartMs + static_cast<std::int64_t>(chain_.next));
    header.set_event_id(event_id.data(), event_id.size());
    header.set_schema_version(events::kSchemaVersion);
    header.set_workspace_id(workspace_);
    header.set_stream_kind(kind);
    header.set_stream_id(id);
    header.set_partition(partition_);
    header.set_sequence(chain_.next);
    if (epoch != 0) chain_.epoch = epoch;
    header.set_epoch(chain_.epoch);
    header.set_previous_hash(chain_.last_hash.data(), chain_.last_hash.size());
    header.set_batch_size(1);
    header.set_time_ms(kStartMs + static_cast<std::int64_t>(chain_.next));
    header.mutable_principal()->set_type(v1::Principal::ROOT_KEY);
    header.mutable_principal()->set_id("rk_3vGh8sJ2k");
    header.set_request_id("req_2cGmV8hQxE");
    header.set_remote_ip("203.0.113.7");
    header.set_user_agent("@unkey/api/2.0.0");
    events::Record record = events::encode(header, payload);
    chain_ = {chain_.next + 1, chain_.epoch, events::leaf_hash(record.header)};
    append_.records.push_back(std::move(record));
  }

  events::Log& log_;
  const events::PartitionId partition_;
  std::string workspace_;
  events::ChainState chain_;
  events::Append append_;
  std::mt19937_64 random_{7};
};

void make_log(events::Log& log, std::uint64_t events) {
  const std::uint64_t each = events / log.partitions();
  for (events::PartitionId partition = 0; partition < log.partitions(); ++partition) {
    Writer writer(log, partition);
    for (std::uint64_t number = 0; number < each; ++number) writer.add_key_event(number);
    writer.flush();
  }
}

/// Every key and value of every column family, in order: what no replay can do without. Gives the bytes.
std::uint64_t read_plainly(const fs::path& database) {
  std::vector<std::string> names;
  rocksdb::Options options;
  if (!rocksdb::DB::ListColumnFamilies(options, database, &names).ok()) give_up("no column families");
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  if (!rocksdb::DB::OpenForReadOnly(options, database, families, &handles, &raw).ok()) give_up("can't be read");
  const std::unique_ptr<rocksdb::DB> db(raw);
  rocksdb::ReadOptions reading;
  reading.readahead_size = std::size_t{2} << 20;
  std::uint64_t bytes = 0;
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator(reading, handle));
    for (at->SeekToFirst(); at->Valid(); at->Next()) bytes += at->key().size() + at->value().size();
    if (!at->status().ok()) give_up(at->status().ToString());
  }
  for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  return bytes;
}

/// Read models that grow with the log, and a snapshot after every interval, as a server makes them.
void make_snapshots(const events::Log& log, projections::Snapshots& snapshots, const fs::path& directory) {
  const events::Sequence tail = log.tail(0).next;
  const events::Sequence step = std::max<events::Sequence>(1, kSnapshotEvents / log.partitions());
  for (events::Sequence end = step; end <= tail; end += step) {
    const auto prefix = must(events::LogPrefix::open(log, std::vector<events::Sequence>(log.partitions(), end)));
    const auto projections = must(projections::Projections::open(directory, *prefix, {}));
    must(snapshots.make(*projections, static_cast<std::int64_t>(end)));
  }
}

int run(const fs::path& directory, std::uint64_t events, std::uint32_t partitions) {
  const fs::path database = directory / "log";
  events::EmbeddedLogOptions options{.directory = database, .partitions = partitions};
  {
    const auto log = must(events::EmbeddedLog::open(options));
    make_log(*log, events);
  }
  const auto reading = Clock::now();
  const std::uint64_t bytes = read_plainly(database / "db");
  const double read_s = seconds_since(reading);

  const auto log = must(events::EmbeddedLog::open(options));
  const auto folding = Clock::now();
  must(projections::Projections::open(directory / "replayed", *log, {}));
  const double fold_s = seconds_since(folding);

  projections::Snapshots snapshots(directory / "snapshots", 1'000);
  make_snapshots(*log, snapshots, directory / "growing");
  projections::AsOf as_of(*log, snapshots, directory / "snapshots" / "as_of");
  std::mt19937_64 random(11);
  std::vector<double> as_of_s;
  for (std::uint64_t i = 0; i < kMoments; ++i) {
    const auto asking = Clock::now();
    const events::Sequence end = random() % (log->tail(0).next + 1);
    const auto view = must(as_of.at(0, end));
    if (end > 3 && !projections::find_key(view->rows(), "key_0x0")) give_up("the first key is missing");
    as_of_s.push_back(seconds_since(asking));
  }
  std::sort(as_of_s.begin(), as_of_s.end());
  std::printf(R"({"events":%llu,"bytes":%llu,"readS":%.3f,"foldS":%.3f,"asOfMedianS":%.3f,"asOfMaxS":%.3f})"
              "\n",
              static_cast<unsigned long long>(events), static_cast<unsigned long long>(bytes), read_s, fold_s,
              as_of_s[as_of_s.size() / 2], as_of_s.back());
  return 0;
}

}  // namespace
}  // namespace keyfold

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: replay_speed DIRECTORY EVENTS PARTITIONS\n");
    return 2;
  }
  return keyfold::run(argv[1], std::strtoull(argv[2], nullptr, 10),
                      static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10)));
}
