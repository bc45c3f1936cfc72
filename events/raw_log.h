#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "events/log.h"
#include "events/rocks_store.h"
#include "schemas/base/function_ref.h"

namespace keyfold::events {

/// An embedded log's directory as it lies on the disk, for whoever looks for what is wrong with it: EmbeddedLog would
/// refuse to open one that is damaged. Read-only; thread-safe.
class RawLog : public ErasableStore {
 public:
  /// kNotFound where no log is; kDataLoss when RocksDB can't open it at all.
  [[nodiscard]] static Result<std::unique_ptr<RawLog>> open(const std::filesystem::path& directory);

  /// As the log says about itself.
  [[nodiscard]] Result<std::uint32_t> partitions() const;

  /// Gets every record in the order of partitions and sequences; none where the bytes are damaged or belong elsewhere.
  using Visitor = FunctionRef<void(const Position&, std::optional<RecordView>)>;
  [[nodiscard]] Status visit(Visitor visitor) const;

  [[nodiscard]] Status put(std::string_view key, std::string_view value) override;  // refused
  [[nodiscard]] Result<std::string> get(std::string_view key) const override;
  [[nodiscard]] Status erase(std::string_view key) override;  // refused
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> list(
      std::string_view prefix, std::string_view from = {},
      std::size_t entries_max = std::numeric_limits<std::size_t>::max()) const override;

 private:
  RawLog(std::filesystem::path directory, std::unique_ptr<RocksStore> store)
      : directory_(std::move(directory)), store_(std::move(store)) {}
  const std::filesystem::path directory_;
  const std::unique_ptr<RocksStore> store_;
};

}  // namespace keyfold::events
