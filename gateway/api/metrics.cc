#include "gateway/api/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <vector>

namespace keyfold::api {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Threads count into shards of their own, so that no cache line is fought for.
constexpr std::size_t kShards = 8;
constexpr std::size_t kRoutesMax = 255;
constexpr std::size_t kCodesMax = 63;
constexpr std::array<const char*, 3> kDecryptions = {"opened", "absent", "failed"};  // as the enumerators
constexpr std::array<const char*, 2> kRatelimitOutcomes = {"passed", "denied"};      // likewise
constexpr std::array kStatuses = {200, 201, 202, 204, 301, 302, 304, 400, 401, 403, 404, 405, 408,
                                  409, 410, 412, 413, 415, 422, 429, 431, 500, 501, 502, 503, 504};
constexpr std::array kBoundsSeconds = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                       0.025,   0.05,   0.1,     0.25,   0.5,   1.0,    2.5,   10.0};

using Counter = std::atomic<std::uint64_t>;

struct alignas(64) RouteShard {
  std::array<Counter, kStatuses.size() + 1> by_status{};  // the last: any other status
  std::array<Counter, kBoundsSeconds.size() + 1> by_duration{};
  Counter duration_ns{0};
};
struct alignas(64) CodeShard {
  Counter count{0};
};

template <class Shard>
struct Series {
  explicit Series(std::string text) : label(std::move(text)) {}

  Shard& mine() {
    static std::atomic<std::size_t> threads{0};
    thread_local const std::size_t shard = threads.fetch_add(1, std::memory_order_relaxed) % kShards;
    return shards[shard];
  }
  [[nodiscard]] std::uint64_t sum(auto counter_of) const {
    std::uint64_t sum = 0;
    for (const Shard& shard : shards) sum += counter_of(shard).load(std::memory_order_relaxed);
    return sum;
  }

  const std::string label;
  std::array<Shard, kShards> shards;
};

/// Labels get their number once; look-ups by number take no lock. Beyond the limit all share one last series.
template <class Shard, std::size_t kMax>
class Table {
 public:
  ~Table() {
    for (auto& slot : slots_) delete slot.load();
  }

  std::size_t add(std::string label) {
    const std::lock_guard lock(mutex_);
    std::size_t at = 0;
    while (at < kMax && slots_[at].load() != nullptr && slots_[at].load()->label != label) ++at;
    if (slots_[at].load() == nullptr) {
      slots_[at].store(new Series<Shard>(at == kMax ? "other" : std::move(label)), std::memory_order_release);
    }
    return at;
  }
  [[nodiscard]] Series<Shard>* find(std::size_t number) const {
    return number <= kMax ? slots_[number].load(std::memory_order_acquire) : nullptr;
  }
  void visit(auto visitor) const {
    for (std::size_t at = 0; at <= kMax && find(at) != nullptr; ++at) visitor(*find(at));
  }

 private:
  std::mutex mutex_;
  std::array<std::atomic<Series<Shard>*>, kMax + 1> slots_{};
};

void add_one(Counter& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

std::size_t status_index(int status) {
  const auto* found = std::lower_bound(kStatuses.begin(), kStatuses.end(), status);
  return found != kStatuses.end() && *found == status ? static_cast<std::size_t>(found - kStatuses.begin())
                                                      : kStatuses.size();
}

std::size_t duration_index(std::int64_t duration_ns) {
  const double seconds = static_cast<double>(duration_ns) / 1e9;
  return static_cast<std::size_t>(std::lower_bound(kBoundsSeconds.begin(), kBoundsSeconds.end(), seconds) -
                                  kBoundsSeconds.begin());
}

void add_statuses(const Series<RouteShard>& route, MetricFamily& family) {
  for (std::size_t i = 0; i <= kStatuses.size(); ++i) {
    const auto count = route.sum([i](const RouteShard& shard) -> const Counter& { return shard.by_status[i]; });
    if (count == 0) continue;
    ClientMetric metric;
    metric.label = {{"route", route.label}, {"status", i == kStatuses.size() ? "other" : std::to_string(kStatuses[i])}};
    metric.counter.value = static_cast<double>(count);
    family.metric.push_back(std::move(metric));
  }
}

void add_durations(const Series<RouteShard>& route, MetricFamily& family) {
  ClientMetric metric;
  metric.label = {{"route", route.label}};
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i <= kBoundsSeconds.size(); ++i) {
    cumulative += route.sum([i](const RouteShard& shard) -> const Counter& { return shard.by_duration[i]; });
    if (i < kBoundsSeconds.size()) metric.histogram.bucket.push_back({cumulative, kBoundsSeconds[i]});
  }
  if (cumulative == 0) return;
  metric.histogram.sample_count = cumulative;
  metric.histogram.sample_sum =
      static_cast<double>(route.sum([](const RouteShard& s) -> const Counter& { return s.duration_ns; })) / 1e9;
  family.metric.push_back(std::move(metric));
}

void add_count(const char* name, const Series<CodeShard>& series, MetricFamily& family) {
  ClientMetric metric;
  metric.label = {{name, series.label}};
  metric.counter.value =
      static_cast<double>(series.sum([](const CodeShard& shard) -> const Counter& { return shard.count; }));
  family.metric.push_back(std::move(metric));
}

}  // namespace

struct Metrics::Impl {
  Table<RouteShard, kRoutesMax> routes;
  Table<CodeShard, kCodesMax> codes;
  std::array<Series<CodeShard>, kRatelimitOutcomes.size()> ratelimits{Series<CodeShard>(kRatelimitOutcomes[0]),
                                                                      Series<CodeShard>(kRatelimitOutcomes[1])};
  std::array<Counter, kDecryptions.size()> decryptions{};
  mutable std::mutex mutex;  // guards `sources`
  std::vector<std::shared_ptr<prometheus::Collectable>> sources;
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

std::size_t Metrics::add_route(std::string route) { return impl_->routes.add(std::move(route)); }

void Metrics::observe(std::size_t route, int status, std::int64_t duration_ns) {
  auto* series = impl_->routes.find(route);
  if (series == nullptr) return;
  RouteShard& shard = series->mine();
  add_one(shard.by_status[status_index(status)]);
  add_one(shard.by_duration[duration_index(duration_ns)]);
  shard.duration_ns.fetch_add(static_cast<std::uint64_t>(std::max<std::int64_t>(duration_ns, 0)),
                              std::memory_order_relaxed);
}

std::size_t Metrics::add_verification_code(std::string code) { return impl_->codes.add(std::move(code)); }

void Metrics::count_verification(std::size_t code) {
  if (auto* series = impl_->codes.find(code)) add_one(series->mine().count);
}

void Metrics::count_ratelimit(RatelimitOutcome outcome) {
  add_one(impl_->ratelimits[static_cast<std::size_t>(outcome)].mine().count);
}

void Metrics::count_decryption(Decryption outcome) { add_one(impl_->decryptions[static_cast<std::size_t>(outcome)]); }

void Metrics::add(std::shared_ptr<prometheus::Collectable> source) {
  const std::lock_guard lock(impl_->mutex);
  impl_->sources.push_back(std::move(source));
}

std::string Metrics::render() const {
  MetricFamily requests{"keyfold_http_requests_total", "Answered requests of the REST API.", MetricType::Counter, {}};
  MetricFamily durations{
      "keyfold_http_request_duration_seconds", "From a request's last byte to its answer.", MetricType::Histogram, {}};
  MetricFamily verifications{"keyfold_verifications_total", "Answers of keys.verifyKey.", MetricType::Counter, {}};
  impl_->routes.visit([&](const Series<RouteShard>& route) {
    add_statuses(route, requests);
    add_durations(route, durations);
  });
  impl_->codes.visit([&](const Series<CodeShard>& code) { add_count("code", code, verifications); });
  MetricFamily ratelimits{
      "keyfold_ratelimit_decisions_total", "Checks of ratelimit.limit and multiLimit.", MetricType::Counter, {}};
  for (const auto& outcome : impl_->ratelimits) add_count("outcome", outcome, ratelimits);
  MetricFamily decryptions{
      "keyfold_key_decryptions_total", "Wishes to see a key's plaintext.", MetricType::Counter, {}};
  for (std::size_t i = 0; i < kDecryptions.size(); ++i) {
    ClientMetric metric;
    metric.label = {{"outcome", kDecryptions[i]}};
    metric.counter.value = static_cast<double>(impl_->decryptions[i].load(std::memory_order_relaxed));
    decryptions.metric.push_back(std::move(metric));
  }
  std::vector<MetricFamily> families{std::move(requests), std::move(durations), std::move(verifications),
                                     std::move(ratelimits), std::move(decryptions)};
  std::vector<std::shared_ptr<prometheus::Collectable>> sources;
  {
    const std::lock_guard lock(impl_->mutex);
    sources = impl_->sources;
  }
  for (const auto& source : sources) {
    auto more = source->Collect();
    std::move(more.begin(), more.end(), std::back_inserter(families));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace keyfold::api
