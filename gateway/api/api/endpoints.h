#pragma once

#include <optional>

#include "gateway/api/endpoint.h"
#include "projections/rows.pb.h"

namespace keyfold::api {

[[nodiscard]] Answered<Step> create_api(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> get_api(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> list_keys(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> get_api_settings(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> update_api_settings(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> delete_api(const Call& call, const Services& services);

/// Committed rows of the caller's partition.
[[nodiscard]] const projections::RowReader& rows_of(const Call& call, const Services& services);
/// The API when it is live and of the caller's workspace.
[[nodiscard]] std::optional<rows::ApiRow> find_live_api(const Call& call, const Services& services,
                                                        std::string_view api_id);

}  // namespace keyfold::api
