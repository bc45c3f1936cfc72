#pragma once

#include "gateway/api/endpoint.h"
#include "projections/audit_rows.h"

namespace keyfold::api {

// All are additions of keyfold.
[[nodiscard]] Answered<Step> list_audit_logs(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> get_inclusion_proof(const Call& call, const Services& services);
[[nodiscard]] Answered<Step> get_consistency_proof(const Call& call, const Services& services);

inline constexpr std::string_view kReadEvent = "event.*.read_event";

}  // namespace keyfold::api
