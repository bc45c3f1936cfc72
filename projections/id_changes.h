#pragma once

#include <google/protobuf/repeated_field.h>

#include <string>

namespace keyfold::projections {

using RowIds = google::protobuf::RepeatedPtrField<std::string>;

/// Takes the disconnected ids out of `held` and adds the connected ones at its end. The rest keep their order.
void change_ids(RowIds& held, const RowIds& connected, const RowIds& disconnected);

}  // namespace keyfold::projections
