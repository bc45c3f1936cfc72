#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/vault/vault.h"
#include "events/log.h"
#include "events/signed_note.h"
#include "projections/audit_rows.h"

// What was published last, as it is kept beside the vault's data keys.
namespace keyfold::actors {

/// What a tree is called in names and paths: the partition's number, or "directory".
[[nodiscard]] std::string name_of_tree(projections::TreeId tree);
/// The other way round; nothing for any other text.
[[nodiscard]] std::optional<projections::TreeId> tree_of_name(std::string_view name);

struct PublishedHead {
  projections::TreeId tree = 0;
  std::string checkpoint;  // the signed note; nobody has checked it
};
/// Those of all nodes: of several, several for a tree.
[[nodiscard]] Result<std::vector<PublishedHead>> read_published_heads(const events::ErasableStore& store);
/// Durable when it returns.
[[nodiscard]] Status keep_published_head(events::ErasableStore& store, const PublishedHead& head,
                                         const std::string& node_id);

/// The signer of all logs, under the given name; the key is made at first.
[[nodiscard]] Result<events::NoteSigner> audit_signer(Vault& vault, std::string name);

}  // namespace keyfold::actors
