// The reference of the durable-write benchmark: as many threads as keyfold has clients each put one record after the
// other into RocksDB, synced, so that RocksDB's own write group shares every fsync. Nothing is decided, indexed or
// answered: what is left is the price of the disk.
#include <rocksdb/db.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace keyfold::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// What to measure. `directory` must not hold a database yet and should be on the file system under test.
struct Plan {
  std::string directory;
  int threads = 64;
  int seconds = 5;
  std::size_t record_bytes = 600;
};

/// What one thread saw.
struct Tally {
  std::vector<double> latencies_ms;
  bool failed = false;
};

constexpr std::size_t kWriteBufferBytes = 64u * 1024 * 1024;  // as keyfold's own log

rocksdb::Options log_options() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.error_if_exists = true;
  options.write_buffer_size = kWriteBufferBytes;
  options.track_and_verify_wals_in_manifest = true;
  return options;
}

/// Bytes that don't compress, so that the record is as long on the disk as it is in memory.
std::string filler(std::size_t bytes, std::uint64_t seed) {
  std::string text(bytes, '\0');
  for (char& byte : text) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    byte = static_cast<char>(seed >> 56u);
  }
  return text;
}

Tally put_until(rocksdb::DB& db, const Plan& plan, int thread, SteadyClock::time_point end) {
  Tally tally;
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const std::string value = filler(plan.record_bytes, static_cast<std::uint64_t>(thread) + 1);
  for (std::uint64_t sequence = 0; SteadyClock::now() < end; ++sequence) {
    const auto begin = SteadyClock::now();
    const std::string key = std::to_string(thread) + '/' + std::to_string(sequence);
    if (!db.Put(durable, key, value).ok()) {
      tally.failed = true;
      return tally;
    }
    tally.latencies_ms.push_back(std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count());
  }
  return tally;
}

std::vector<Tally> run_threads(rocksdb::DB& db, const Plan& plan) {
  std::vector<Tally> tallies(static_cast<std::size_t>(plan.threads));
  const auto end = SteadyClock::now() + std::chrono::seconds(plan.seconds);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < plan.threads; ++thread) {
    threads.emplace_back([&db, &plan, &tallies, thread, end] {
      tallies[static_cast<std::size_t>(thread)] = put_until(db, plan, thread, end);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return tallies;
}

/// One line of JSON for the driver.
int report(const Plan& plan, std::vector<Tally> tallies) {
  std::vector<double> all;
  for (Tally& tally : tallies) {
    if (tally.failed) {
      std::fputs("raw_group_commit: a write failed\n", stderr);
      return EXIT_FAILURE;
    }
    all.insert(all.end(), tally.latencies_ms.begin(), tally.latencies_ms.end());
  }
  if (all.empty()) return EXIT_FAILURE;
  std::sort(all.begin(), all.end());
  const auto quantile = [&all](double part) {
    return all[std::min(all.size() - 1, static_cast<std::size_t>(part * static_cast<double>(all.size())))];
  };
  std::printf("{\"threads\":%d,\"recordBytes\":%zu,\"perSecond\":%.0f,\"p50Ms\":%.3f,\"p99Ms\":%.3f}\n", plan.threads,
              plan.record_bytes, static_cast<double>(all.size()) / plan.seconds, quantile(0.5), quantile(0.99));
  return EXIT_SUCCESS;
}

template <class Number>
bool parse_positive(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number > 0;
}

int run(const Plan& plan) {
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(log_options(), plan.directory, &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  if (!status.ok()) {
    std::fprintf(stderr, "raw_group_commit: %s\n", status.ToString().c_str());
    return EXIT_FAILURE;
  }
  return report(plan, run_threads(*db, plan));
}

}  // namespace
}  // namespace keyfold::bench

int main(int argc, char** argv) {
  using keyfold::bench::parse_positive;
  keyfold::bench::Plan plan;
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (arguments.size() != 4 || !parse_positive(arguments[1], plan.threads) ||
      !parse_positive(arguments[2], plan.seconds) || !parse_positive(arguments[3], plan.record_bytes)) {
    std::fputs("usage: raw_group_commit DIRECTORY THREADS SECONDS RECORD_BYTES\n", stderr);
    return EXIT_FAILURE;
  }
  plan.directory = arguments[0];
  return keyfold::bench::run(plan);
}
