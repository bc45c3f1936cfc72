#include "events/tree_head.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "events/merkle.h"
#include "schemas/base/encoding.h"

namespace keyfold::events {
namespace {

constexpr std::string_view kProofVersion = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kIndex = "index ";
constexpr std::string_view kExtra = "extra ";
constexpr std::size_t kPathMax = 64;

/// Takes the text's first line, which must end.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  if (!is_whole || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return number;
}

std::optional<Digest> parse_hash(std::string_view text) {
  const auto bytes = from_base64(text);
  Digest hash{};
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

tl::unexpected<Error> no_proof() { return fail(ErrorCode::kInvalidArgument, "this is no tlog-proof"); }

}  // namespace

std::string to_text(const TreeHead& head) {
  return head.origin + "\n" + std::to_string(head.size) + "\n" + to_base64(as_view(head.root)) + "\n";
}

Result<TreeHead> parse_tree_head(std::string_view text) {
  const auto origin = take_line(text);
  const auto size = take_line(text);
  const auto root = take_line(text);
  const auto number = size ? parse_number(*size) : std::nullopt;
  const auto hash = root ? parse_hash(*root) : std::nullopt;
  if (!origin || origin->empty() || !number || !hash) {
    return fail(ErrorCode::kInvalidArgument, "this is no checkpoint", {}, "its lines are name, size and root");
  }
  return TreeHead{std::string(*origin), *number, *hash};
}

Result<TreeHead> open_checkpoint(std::string_view note, const NoteVerifier& verifier) {
  const auto text = open_note(note, {&verifier, 1});
  if (!text) return tl::unexpected(text.error());
  auto head = parse_tree_head(*text);
  if (head && head->origin != verifier.name) {
    return fail(ErrorCode::kDataLoss, "the checkpoint is of another log", head->origin,
                "it should be of " + verifier.name);
  }
  return head;
}

std::string to_text(const LeafProof& proof) {
  std::string text = std::string(kProofVersion) + "\n" + std::string(kIndex) + std::to_string(proof.index) + "\n";
  for (const Digest& hash : proof.path) text += to_base64(as_view(hash)) + "\n";
  return text + "\n" + proof.checkpoint;
}

Result<LeafProof> parse_leaf_proof(std::string_view text) {
  if (take_line(text) != kProofVersion) return no_proof();
  auto line = take_line(text);
  if (line && line->starts_with(kExtra)) line = take_line(text);
  const auto index = line && line->starts_with(kIndex) ? parse_number(line->substr(kIndex.size())) : std::nullopt;
  if (!index) return no_proof();
  LeafProof proof{*index, {}, {}};
  while ((line = take_line(text)) && !line->empty()) {
    const auto hash = parse_hash(*line);
    if (!hash || proof.path.size() == kPathMax) return no_proof();
    proof.path.push_back(*hash);
  }
  if (!line) return no_proof();
  proof.checkpoint = text;
  return proof;
}

Status check_leaf_proof(const LeafProof& proof, const Digest& leaf, const NoteVerifier& verifier) {
  const auto head = open_checkpoint(proof.checkpoint, verifier);
  if (!head) return tl::unexpected(head.error());
  if (is_included(leaf, proof.index, head->size, proof.path, head->root)) return {};
  return fail(ErrorCode::kDataLoss, "the checkpoint does not hold this event",
              head->origin + " at " + std::to_string(proof.index));
}

}  // namespace keyfold::events
