#include "actors/audit/published_heads.h"

#include <charconv>

namespace keyfold::actors {
namespace {

using projections::kDirectoryTree;
using projections::TreeId;

constexpr const char* kSecretName = "audit-signer";
constexpr std::string_view kHeadPrefix = "audit/head/";  // then tree and node
constexpr std::string_view kDirectoryName = "directory";

}  // namespace

std::string name_of_tree(TreeId tree) {
  return tree == kDirectoryTree ? std::string(kDirectoryName) : std::to_string(tree);
}

std::optional<TreeId> tree_of_name(std::string_view name) {
  if (name == kDirectoryName) return kDirectoryTree;
  TreeId tree = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), tree);
  const bool is_number = error == std::errc() && end == name.data() + name.size() && name_of_tree(tree) == name;
  return is_number && tree < kDirectoryTree ? std::optional(tree) : std::nullopt;
}

Result<std::vector<PublishedHead>> read_published_heads(const events::ErasableStore& store) {
  const auto kept = store.list(kHeadPrefix);
  if (!kept) return tl::unexpected(kept.error());
  std::vector<PublishedHead> heads;
  for (const auto& [key, checkpoint] : *kept) {
    const std::string_view rest = std::string_view(key).substr(kHeadPrefix.size());
    const auto tree = tree_of_name(rest.substr(0, rest.find('/')));
    if (!tree) return fail(ErrorCode::kDataLoss, "a published checkpoint is of no log", key);
    heads.push_back({*tree, checkpoint});
  }
  return heads;
}

Status keep_published_head(events::ErasableStore& store, const PublishedHead& head, const std::string& node_id) {
  return store.put(std::string(kHeadPrefix) + name_of_tree(head.tree) + "/" + node_id, head.checkpoint);
}

Result<events::NoteSigner> audit_signer(Vault& vault, std::string name) {
  const auto seed = vault.fixed_secret(kSecretName);
  if (!seed) return tl::unexpected(seed.error());
  return events::NoteSigner::make(std::move(name), seed->view());
}

}  // namespace keyfold::actors
