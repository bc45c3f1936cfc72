#include "projections/ratelimit.h"

#include "projections/row_access.h"
#include "schemas/base/wildcard.h"

namespace keyfold::projections {
namespace {

constexpr Table kTable = Table::kRatelimits;

std::string namespace_key(std::string_view namespace_id) { return row_key({"n/", namespace_id}); }
std::string name_key(std::string_view workspace_id, std::string_view name) {
  return row_key({"m/", workspace_id, "/", name});
}
std::string listing_key(const rows::RatelimitNamespaceRow& row) {
  return row_key({"w/", row.workspace_id(), "/", row.namespace_id()});
}
std::string override_key(std::string_view namespace_id, std::string_view override_id) {
  return row_key({"o/", namespace_id, "/", override_id});
}
std::string identifier_key(std::string_view namespace_id, std::string_view identifier) {
  return row_key({"e/", namespace_id, "/", identifier});
}

void create(const events::Event& event, Overlay& rows) {
  const v1::RatelimitNamespaceCreated& created = event.payload.ratelimit_namespace_created();
  rows::RatelimitNamespaceRow row;
  row.set_namespace_id(created.namespace_id());
  row.set_workspace_id(event.header.workspace_id());
  row.set_name(created.name());
  row.set_created_at_ms(event.header.time_ms());
  put_row(rows, kTable, namespace_key(row.namespace_id()), row);
  rows.put(kTable, name_key(row.workspace_id(), row.name()), row.namespace_id());
  rows.put(kTable, listing_key(row), "");
}

void remove(const events::Event& event, Overlay& rows) {
  auto row = find_ratelimit_namespace(rows, event.payload.ratelimit_namespace_deleted().namespace_id());
  if (!row || row->deleted_at_ms() != 0) return;
  row->set_deleted_at_ms(event.header.time_ms());
  put_row(rows, kTable, namespace_key(row->namespace_id()), *row);
  rows.erase(kTable, listing_key(*row));
}

void count_wildcard(Overlay& rows, const rows::RatelimitOverrideRow& override, int by) {
  auto in = find_ratelimit_namespace(rows, override.namespace_id());
  if (!in || !has_wildcard(override.identifier())) return;
  in->set_wildcards(in->wildcards() + by);
  put_row(rows, kTable, namespace_key(in->namespace_id()), *in);
}

void set_override(const events::Event& event, Overlay& rows) {
  const v1::RatelimitOverrideSet& set = event.payload.ratelimit_override_set();
  auto row = find_ratelimit_override(rows, set.namespace_id(), set.override_id());
  if (row) {
    row->set_updated_at_ms(event.header.time_ms());
  } else {
    row.emplace();
    row->set_override_id(set.override_id());
    row->set_namespace_id(set.namespace_id());
    row->set_identifier(set.identifier());
    row->set_created_at_ms(event.header.time_ms());
    row->set_sequence(event.header.sequence());
    rows.put(kTable, identifier_key(set.namespace_id(), set.identifier()), set.override_id());
    count_wildcard(rows, *row, 1);
  }
  row->set_limit(set.limit());
  row->set_duration_ms(set.duration_ms());
  put_row(rows, kTable, override_key(set.namespace_id(), set.override_id()), *row);
}

void remove_override(const events::Event& event, Overlay& rows) {
  const v1::RatelimitOverrideDeleted& deleted = event.payload.ratelimit_override_deleted();
  const auto row = find_ratelimit_override(rows, deleted.namespace_id(), deleted.override_id());
  if (!row) return;
  rows.erase(kTable, override_key(row->namespace_id(), row->override_id()));
  rows.erase(kTable, identifier_key(row->namespace_id(), row->identifier()));
  count_wildcard(rows, *row, -1);
}

}  // namespace

std::optional<rows::RatelimitNamespaceRow> find_ratelimit_namespace(const RowReader& rows,
                                                                    std::string_view namespace_id) {
  return find_row<rows::RatelimitNamespaceRow>(rows, kTable, namespace_key(namespace_id));
}

std::optional<std::string> find_ratelimit_namespace_id_by_name(const RowReader& rows, std::string_view workspace_id,
                                                               std::string_view name) {
  return rows.get(kTable, name_key(workspace_id, name));
}

std::optional<rows::RatelimitOverrideRow> find_ratelimit_override(const RowReader& rows, std::string_view namespace_id,
                                                                  std::string_view override_id) {
  return find_row<rows::RatelimitOverrideRow>(rows, kTable, override_key(namespace_id, override_id));
}

std::optional<std::string> find_ratelimit_override_id(const RowReader& rows, std::string_view namespace_id,
                                                      std::string_view identifier) {
  return rows.get(kTable, identifier_key(namespace_id, identifier));
}

void fold_ratelimit(const events::Event& event, Overlay& rows) {
  switch (event.payload.event_case()) {
    case v1::Payload::kRatelimitNamespaceCreated:
      return create(event, rows);
    case v1::Payload::kRatelimitNamespaceDeleted:
      return remove(event, rows);
    case v1::Payload::kRatelimitOverrideSet:
      return set_override(event, rows);
    case v1::Payload::kRatelimitOverrideDeleted:
      return remove_override(event, rows);
    default:
      return;
  }
}

}  // namespace keyfold::projections
