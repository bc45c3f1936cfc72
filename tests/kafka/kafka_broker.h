#pragma once

#include <filesystem>
#include <string>

namespace keyfold::testing {

/// A real broker on loopback, started by ops/kafka.
class KafkaBroker {
 public:
  /// The one that all tests share: never stopped, left to ctest to end. Each test takes topics of its own.
  static const KafkaBroker& shared();

  /// One for a test alone, which may stop it; its data lives in the directory. Ended with this object.
  explicit KafkaBroker(std::filesystem::path directory);
  ~KafkaBroker();
  KafkaBroker(const KafkaBroker&) = delete;
  KafkaBroker& operator=(const KafkaBroker&) = delete;

  [[nodiscard]] const std::string& addresses() const { return addresses_; }

  /// Takes its processor away and gives it back: connections stay, nothing is answered.
  void pause() const;
  void resume() const;
  /// Ends it and starts it again, with its data and on its port.
  void stop() const;
  void start();

 private:
  enum class Kind { kShared, kOwn };
  KafkaBroker(std::filesystem::path directory, Kind kind);

  const std::filesystem::path directory_;
  const Kind kind_;
  std::string addresses_;
};

/// A prefix of topics that no other test has.
[[nodiscard]] std::string new_topic_prefix();

/// Removes the records of `TOPIC` below `offset`, as retention does in time.
void delete_records(const std::string& brokers, const std::string& topic, std::int64_t offset);

}  // namespace keyfold::testing
