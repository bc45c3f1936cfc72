#include "events/public_event.h"
#include "events/tree_head.h"
#include "gateway/api/audit_log/endpoints.h"
#include "gateway/api/call_reader.h"
#include "schemas/base/encoding.h"

namespace keyfold::api {
namespace {

/// The header of a public event of the caller's own workspace; nothing of any other.
std::optional<std::string> own_header(const Call& call, const Services& services, const events::Position& position) {
  std::optional<std::string> header;
  if (position.partition != call.principal->partition) return header;
  const auto read =
      services.log.read(position.partition, position.sequence, 1, [&](events::Sequence, events::RecordView record) {
        events::Event event;
        const bool is_own = events::decode(record, event) && events::is_public(event.payload) &&
                            event.header.workspace_id() == call.workspace_id();
        if (is_own) header = record.header;
        return false;
      });
  return read ? header : std::nullopt;
}

}  // namespace

Answered<Step> get_inclusion_proof(const Call& call, const Services& services) {
  if (!call.may({{std::string(kReadEvent), {}}})) return refuse(missing_permission(kReadEvent));
  const auto position = parse_position(call.text("position"));
  const auto header = position ? own_header(call, services, *position) : std::nullopt;
  if (!header) return refuse(event_not_found());
  const actors::AuditLogs& logs = services.audit_logs;
  const auto head = logs.head(position->partition);
  if (head->size <= position->sequence) {
    return refuse(precondition_failed("The event is not in a published checkpoint yet. Try again in a moment."));
  }
  auto path = services.audit.inclusion_proof(position->partition, position->sequence, head->size);
  if (!path) return refuse(overloaded("The proof can't be made: " + path.error().what + ". Try again."));
  const events::LeafProof proof{position->sequence, *std::move(path), head->checkpoint};
  Json hashes = Json::array();
  for (const Digest& hash : proof.path) hashes.push_back(to_base64(as_view(hash)));
  const Json data{{"position", to_string(*position)},
                  {"origin", logs.verifier(position->partition).name},
                  {"verifierKey", logs.verifier(position->partition).to_string()},
                  {"header", to_base64(*header)},
                  {"leafHash", to_base64(as_view(events::leaf_hash(*header)))},
                  {"leafIndex", proof.index},
                  {"treeSize", head->size},
                  {"hashes", std::move(hashes)},
                  {"checkpoint", proof.checkpoint},
                  {"proof", to_text(proof)}};
  return Data{data.dump(), {}};
}

}  // namespace keyfold::api
