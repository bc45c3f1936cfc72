#include "events/log_checkpoint.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include "events/log_directory.h"
#include "schemas/base/encoding.h"

namespace keyfold::events {
namespace {

constexpr const char* kFile = "CHECKPOINT";
constexpr std::string_view kFirstLine = "keyfold log checkpoint 1";
/// Without a key of its own a log still notices accidents.
constexpr std::string_view kFixedKey = "keyfold log checkpoint";
constexpr const char* kWayOut =
    "give the key that the log was written with or restore CHECKPOINT from a backup; to accept what the database "
    "holds, remove the file and open the log once with missing_checkpoint = accept";

std::string seal_of(std::string_view key, std::string_view body) {
  return to_hex(as_view(hmac_sha256(key.empty() ? kFixedKey : key, body)));
}

std::string render(const LogCheckpoint& checkpoint) {
  std::ostringstream text;
  text << kFirstLine << "\nlog " << checkpoint.log_id << '\n';
  for (const ChainState& state : checkpoint.partitions) {
    text << "partition " << state.next << ' ' << state.epoch << ' ' << to_hex(as_view(state.last_hash)) << '\n';
  }
  return text.str();
}

std::optional<LogCheckpoint> parse(std::string_view body) {
  std::istringstream text{std::string(body)};
  LogCheckpoint checkpoint;
  std::string word;
  if (!std::getline(text, word) || word != kFirstLine) return std::nullopt;
  if (!(text >> word >> checkpoint.log_id) || word != "log") return std::nullopt;
  std::string hash;
  ChainState state;
  while (text >> word >> state.next >> state.epoch >> hash) {
    const auto bytes = from_hex(hash);
    if (word != "partition" || !bytes || bytes->size() != state.last_hash.size()) return std::nullopt;
    std::copy(bytes->begin(), bytes->end(), state.last_hash.begin());
    checkpoint.partitions.push_back(state);
  }
  if (!text.eof()) return std::nullopt;
  return checkpoint;
}

}  // namespace

Status write_checkpoint(const std::filesystem::path& directory, const LogCheckpoint& checkpoint, std::string_view key) {
  const std::string body = render(checkpoint);
  return replace_file(directory / kFile, body + "hmac " + seal_of(key, body) + "\n");
}

Result<LogCheckpoint> read_checkpoint(const std::filesystem::path& directory, std::string_view key,
                                      const std::vector<std::string>& previous) {
  const std::filesystem::path path = directory / kFile;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (!std::filesystem::exists(path)) return fail(ErrorCode::kNotFound, "the log has no checkpoint", path);
    return fail(ErrorCode::kIo, "the log's checkpoint can't be read", path, "check the file's permissions");
  }
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  const auto seal = content.rfind("hmac ");
  const std::string_view body = std::string_view(content).substr(0, seal == std::string::npos ? 0 : seal);
  const auto is_sealed_by = [&content, body](std::string_view by) {
    return equal_constant_time(std::string_view(content).substr(body.size()), "hmac " + seal_of(by, body) + "\n");
  };
  if (!is_sealed_by(key) && std::none_of(previous.begin(), previous.end(), is_sealed_by)) {
    return fail(ErrorCode::kFailedPrecondition, "the log's checkpoint is not authentic", path, kWayOut);
  }
  std::optional<LogCheckpoint> checkpoint = parse(body);
  if (!checkpoint) {
    return fail(ErrorCode::kFailedPrecondition, "the log's checkpoint has a form that this build doesn't know", path,
                "a newer keyfold wrote it: run that version or a later one");
  }
  return *std::move(checkpoint);
}

}  // namespace keyfold::events
