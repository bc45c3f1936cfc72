#pragma once

#include "gateway/api/endpoint.h"

namespace keyfold::api {

// Both are additions of keyfold: what keys.migrateKeys refers to.
[[nodiscard]] Answered<Step> create_migration(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> list_migrations(const Call& call, const Services& services);

/// The migration when it is of the caller's workspace.
[[nodiscard]] std::optional<rows::MigrationRow> find_own_migration(const Call& call, const Services& services,
                                                                   std::string_view migration_id);

}  // namespace keyfold::api
