#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "gateway/api/schema_node.h"
#include "schemas/base/result.h"

namespace keyfold::api {

/// Compiles the schema at a JSON pointer of an OpenAPI 3.1 document, e.g. "/components/schemas/Key". References within
/// the document are followed; annotations (`description`, `default`, `example`, ...) are skipped. Whole numbers without
/// bounds of their own are bound to 64 bits. kInvalidArgument, with the pointer, for a keyword that is not supported or
/// is malformed, a reference that leads nowhere or in a circle, and a pattern that RE2 does not take.
[[nodiscard]] Result<Schema> compile_schema(const nlohmann::json& document, const std::string& pointer);

}  // namespace keyfold::api
