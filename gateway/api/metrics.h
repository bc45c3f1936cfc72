#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace prometheus {
class Collectable;
}

namespace keyfold::api {

/// What became of the wish to see a key's plaintext.
enum class Decryption {
  kOpened,
  kAbsent,  // the key is not recoverable
  kFailed,  // the vault could not open it
};

enum class RatelimitOutcome { kPassed, kDenied };

/// Counters and histograms of the REST API, in Prometheus' text format. `observe` and what counts are lock-free and
/// allocate nothing; everything is thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Makes a label value `route` known, before requests come; returns what `observe` takes. At most 255.
  std::size_t add_route(std::string route);
  /// One answered request: keyfold_http_requests_total{route,status} and keyfold_http_request_duration_seconds{route}.
  void observe(std::size_t route, int status, std::int64_t duration_ns);

  /// Makes a verification's answer (`VALID`, `DISABLED`, ...) known; returns what `count_verification` takes.
  std::size_t add_verification_code(std::string code);
  /// keyfold_verifications_total{code}.
  void count_verification(std::size_t code);

  /// One check of ratelimit.limit or multiLimit: keyfold_ratelimit_decisions_total{outcome}.
  void count_ratelimit(RatelimitOutcome outcome);

  /// keyfold_key_decryptions_total{outcome}.
  void count_decryption(Decryption outcome);

  /// Adds a source of further metrics that is asked on every `render`.
  void add(std::shared_ptr<prometheus::Collectable> source);
  /// Everything in Prometheus' text format 0.0.4.
  [[nodiscard]] std::string render() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold::api
