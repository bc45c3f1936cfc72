#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace keyfold::testing {

struct KafkaBrokerOptions {
  int port = 0;                         // 0: any free one
  int brokers = 1;                      // or 3, which replicate everything
  std::vector<std::string> properties;  // further lines of server.properties
};

/// A real broker, or three, on loopback for a test alone, which may stop it; started by ops/kafka, ended with this
/// object.
class KafkaBroker {
 public:
  /// Its data lives in the directory.
  explicit KafkaBroker(std::filesystem::path directory, const KafkaBrokerOptions& options = {});
  ~KafkaBroker();
  KafkaBroker(const KafkaBroker&) = delete;
  KafkaBroker& operator=(const KafkaBroker&) = delete;

  [[nodiscard]] const std::string& addresses() const { return addresses_; }

  /// Takes its processor away and gives it back: connections stay, nothing is answered.
  void pause() const;
  void resume() const;
  /// Ends one of three, 1 to 3, without a warning.
  void kill(int broker) const;
  /// Ends it and starts it again, with its data and on its port.
  void stop() const;
  void start();

 private:
  const std::filesystem::path directory_;
  std::string options_;
  std::string addresses_;
};

/// Removes the records of a topic's first partition below `offset`, as retention does in time.
void delete_records(const std::string& brokers, const std::string& topic, std::int64_t offset);

}  // namespace keyfold::testing
