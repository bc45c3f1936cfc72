#include "ops/replay/replay.h"

namespace keyfold::ops {

Result<std::vector<projections::StateDigest>> replay(const events::Log& log, const std::filesystem::path& into,
                                                     const projections::ProgressSink& progress) {
  std::error_code error;
  const bool is_free = !std::filesystem::exists(into, error) || std::filesystem::is_empty(into, error);
  if (!is_free || error) {
    return fail(ErrorCode::kFailedPrecondition, "the directory to replay into must be missing or empty", into,
                "choose another one");
  }
  const auto rebuilt = projections::Projections::open(into, log, progress);
  if (!rebuilt) return tl::unexpected(rebuilt.error());
  if (Status flushed = (*rebuilt)->flush(); !flushed) return tl::unexpected(flushed.error());
  return (*rebuilt)->digest();
}

}  // namespace keyfold::ops
