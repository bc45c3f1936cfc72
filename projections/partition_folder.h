#pragma once

#include <functional>
#include <span>

#include "events/log.h"
#include "projections/projector.h"
#include "projections/store.h"

namespace keyfold::projections {

/// Folds one partition's events from the log into the store, with each projector from its own checkpoint on.
class PartitionFolder {
 public:
  /// Told how many events were read since the last call.
  using Advanced = std::function<void(std::uint64_t)>;

  /// The checkpoint names the registry's projectors in its order.
  PartitionFolder(Store& store, const events::Log& log, std::span<const Projector> registry,
                  events::PartitionId partition, rows::CheckpointRow checkpoint, Advanced advanced);

  /// Folds up to, not including, `end`, which the log must reach.
  [[nodiscard]] Status run(events::Sequence end);
  [[nodiscard]] const rows::CheckpointRow& checkpoint() const { return checkpoint_; }

 private:
  [[nodiscard]] Status fold_record(events::RecordView record);
  [[nodiscard]] Status commit();

  Store& store_;
  const events::Log& log_;
  const std::span<const Projector> registry_;
  const events::PartitionId partition_;
  rows::CheckpointRow checkpoint_;
  const Advanced advanced_;
  const StoreReader committed_;
  Overlay overlay_;
  events::ChainState chain_;
  events::Event event_;            // reused: parsing into it is faster than into a new one
  std::uint64_t uncommitted_ = 0;  // events
};

/// The sequence from which the slowest projector must read on.
[[nodiscard]] events::Sequence slowest(const rows::CheckpointRow& checkpoint);

}  // namespace keyfold::projections
