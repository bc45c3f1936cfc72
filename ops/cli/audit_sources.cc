#include "ops/cli/audit_sources.h"

#include <httplib.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "events/kafka/kafka_vault_store.h"
#include "events/log_directory.h"
#include "events/raw_log.h"
#include "ops/cli/node_log.h"
#include "ops/cli/settings.h"

namespace keyfold::ops {
namespace {

using projections::TreeId;

constexpr time_t kFetchTimeoutSeconds = 30;
constexpr std::size_t kFetchBytesMax = std::size_t{32} << 20;
constexpr std::size_t kSinceBytesMax = std::size_t{16} << 20;

Result<std::unique_ptr<actors::Vault>> open_vault(const v1::Config& config, events::ErasableStore& store,
                                                  const Clock& clock) {
  auto masters = is_clustered(config) ? make_or_read_master_keys(config) : read_master_keys(config);
  if (!masters) return tl::unexpected(masters.error());
  return std::make_unique<actors::Vault>(store, *std::move(masters), clock);
}

/// The vault's own key under the names that the checkpoints bear.
Result<std::vector<events::NoteVerifier>> own_verifiers(const v1::Config& config, events::ErasableStore& store,
                                                        const std::vector<actors::PublishedHead>& heads) {
  const SystemClock clock;
  std::vector<events::NoteVerifier> verifiers;
  if (heads.empty()) return verifiers;
  const auto vault = open_vault(config, store, clock);
  if (!vault) return tl::unexpected(vault.error());
  for (const actors::PublishedHead& published : heads) {
    const auto head = events::parse_tree_head(published.checkpoint);
    if (!head) continue;  // told where it is verified
    const auto signer = actors::audit_signer(**vault, head->origin);
    if (!signer) return tl::unexpected(signer.error());
    verifiers.push_back(signer->verifier());
  }
  return verifiers;
}

const events::NoteVerifier* find_verifier(const std::vector<events::NoteVerifier>& verifiers, const std::string& name) {
  const auto found = std::find_if(verifiers.begin(), verifiers.end(),
                                  [&](const events::NoteVerifier& verifier) { return verifier.name == name; });
  return found == verifiers.end() ? nullptr : &*found;
}

Result<events::TreeHead> verified(const std::string& checkpoint, const std::vector<events::NoteVerifier>& verifiers) {
  const auto head = events::parse_tree_head(checkpoint);
  if (!head) return head;
  const auto* verifier = find_verifier(verifiers, head->origin);
  if (verifier != nullptr) return events::open_checkpoint(checkpoint, *verifier);
  return fail(ErrorCode::kDataLoss, "no verifier key was given for " + head->origin);
}

std::string_view last_segment(std::string_view origin) {
  const std::size_t slash = origin.rfind('/');
  return slash == std::string_view::npos ? origin : origin.substr(slash + 1);
}

/// Cuts a text of notes, one after the other, where a note's signatures end.
std::vector<std::string> split_notes(const std::string& text) {
  std::vector<std::string> notes;
  bool is_in_signatures = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const std::string line = text.substr(at, end - at);
    const bool is_signature = line.starts_with("\u2014 ");
    if (notes.empty() || (is_in_signatures && !is_signature)) notes.emplace_back();
    is_in_signatures = is_signature;
    notes.back() += line;
    at = end;
  }
  return notes;
}

}  // namespace

Result<std::unique_ptr<events::ErasableStore>> open_erasable(const v1::Config& config) {
  if (!is_clustered(config)) return events::RawLog::open(paths_of(config).log);
  const auto kafka = kafka_options(config);
  if (!kafka) return tl::unexpected(kafka.error());
  return events::KafkaVaultStore::open(*kafka);
}

Result<std::vector<Published>> read_published(const v1::Config& config, events::ErasableStore& store) {
  const auto heads = actors::read_published_heads(store);
  if (!heads) return tl::unexpected(heads.error());
  const auto verifiers = own_verifiers(config, store, *heads);
  if (!verifiers) return tl::unexpected(verifiers.error());
  std::vector<Published> published;
  for (const actors::PublishedHead& kept : *heads) {
    const auto head = verified(kept.checkpoint, *verifiers);
    if (!head) return tl::unexpected(head.error());
    const auto known =
        std::find_if(published.begin(), published.end(), [&](const Published& log) { return log.tree == kept.tree; });
    Published log{kept.tree, *head, kept.checkpoint, *find_verifier(*verifiers, head->origin)};
    if (known == published.end()) {
      published.push_back(std::move(log));
    } else if (known->head.size < head->size) {
      *known = std::move(log);
    }
  }
  std::sort(published.begin(), published.end(), [](const auto& a, const auto& b) { return a.tree < b.tree; });
  return published;
}

Result<SignedCheckpoints> read_signed_heads(const v1::Config& config, events::ErasableStore& store,
                                            const std::vector<events::NoteVerifier>& keys) {
  const auto heads = actors::read_published_heads(store);
  if (!heads) return tl::unexpected(heads.error());
  SignedCheckpoints found;
  found.verifiers = keys;
  if (keys.empty()) {
    auto own = own_verifiers(config, store, *heads);
    if (!own) return tl::unexpected(own.error());
    found.verifiers = *std::move(own);
  }
  std::map<TreeId, std::pair<std::uint64_t, std::string>> largest;
  for (const actors::PublishedHead& kept : *heads) {
    const auto head = verified(kept.checkpoint, found.verifiers);
    if (!head) {
      found.findings.push_back({actors::name_of_tree(kept.tree), std::nullopt,
                                "its published checkpoint can't be believed: " + head.error().what});
      continue;
    }
    found.heads[kept.tree].push_back(*head);
    auto& [size, checkpoint] = largest[kept.tree];
    if (head->size >= size) {
      size = head->size;
      checkpoint = kept.checkpoint;
    }
  }
  for (auto& [tree, kept] : largest) found.checkpoints.push_back(std::move(kept.second));
  return found;
}

Result<std::vector<std::pair<TreeId, events::TreeHead>>> read_since(
    const std::string& file, const std::vector<events::NoteVerifier>& verifiers) {
  std::vector<std::pair<TreeId, events::TreeHead>> heads;
  std::error_code error;
  if (file.empty() || !std::filesystem::exists(file, error)) return heads;
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in || text.size() > kSinceBytesMax) return fail(ErrorCode::kIo, "the older checkpoints can't be read", file);
  for (const std::string& note : split_notes(text)) {
    const auto head = verified(note, verifiers);
    const auto tree = head ? actors::tree_of_name(last_segment(head->origin)) : std::nullopt;
    if (!tree) {
      return fail(ErrorCode::kInvalidArgument,
                  "an older checkpoint can't be believed: " + (head ? "it is of no log" : head.error().what), file,
                  "it must be of the same log, and signed by the same key");
    }
    heads.emplace_back(*tree, *head);
  }
  return heads;
}

Status write_since(const std::string& file, const std::vector<std::string>& checkpoints) {
  std::string text;
  for (const std::string& checkpoint : checkpoints) text += checkpoint;
  return events::replace_file(file, text);
}

Result<std::vector<CheckedLog>> check_records(const v1::Config& config, const SignedHeads& heads,
                                              const projections::AuditTiles* tiles) {
  if (!is_clustered(config)) {
    const auto raw = events::RawLog::open(paths_of(config).log);
    if (!raw) return tl::unexpected(raw.error());
    const auto partitions = (*raw)->partitions();
    if (!partitions) return tl::unexpected(partitions.error());
    LogsCheck check(*partitions, heads, tiles);
    const Status visited =
        (*raw)->visit([&](const events::Position& position, std::optional<events::RecordView> record) {
          check.add(position, record);
        });
    if (!visited) return tl::unexpected(visited.error());
    return check.finish();
  }
  const auto log = open_read_log(config);
  if (!log) return tl::unexpected(log.error());
  LogsCheck check(log->log->partitions(), heads, tiles);
  for (events::PartitionId partition = 0; partition < log->log->partitions(); ++partition) {
    const auto read = log->log->read(partition, 0, std::numeric_limits<std::size_t>::max(),
                                     [&](events::Sequence sequence, events::RecordView record) {
                                       check.add({partition, sequence}, record);
                                       return true;
                                     });
    if (!read) return tl::unexpected(read.error());
  }
  return check.finish();
}

FileSource http_source(const std::string& url, const std::string& root_key) {
  const std::size_t scheme = url.find("://");
  const std::size_t slash = scheme == std::string::npos ? scheme : url.find('/', scheme + 3);
  const std::string server = url.substr(0, slash);
  std::string prefix = slash == std::string::npos ? "" : url.substr(slash);
  while (prefix.ends_with('/')) prefix.pop_back();
  return [client = std::make_shared<httplib::Client>(server), server, prefix,
          root_key](const std::string& path) -> Result<std::string> {
    client->set_keep_alive(true);
    client->set_read_timeout(kFetchTimeoutSeconds);
    httplib::Headers headers;
    if (!root_key.empty()) headers.emplace("Authorization", "Bearer " + root_key);
    const std::string file = prefix + "/" + path;
    std::string body;
    const auto result = client->Get(file, headers, [&](const char* data, std::size_t size) {
      body.append(data, size);
      return body.size() <= kFetchBytesMax;
    });
    if (!result) {
      return fail(ErrorCode::kUnavailable, "the server does not answer: " + to_string(result.error()), server + file);
    }
    if (result->status == 200) return body;
    return fail(
        ErrorCode::kUnavailable, "the server answered " + std::to_string(result->status), server + file,
        result->status == 401 || result->status == 403 ? "this file needs a root key with audit.*.read_entries" : "");
  };
}

}  // namespace keyfold::ops
