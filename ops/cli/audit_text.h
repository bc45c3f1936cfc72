#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace keyfold::ops {

/// How a terminal shows things apart; none on a pipe.
enum class Colours { kNone, kAnsi };

/// An event in its public form as one line: when, where in the log, what, to what, by whom and from where.
[[nodiscard]] std::string event_line(const nlohmann::ordered_json& event, Colours colours);

/// A change as audit.getDiff gives it: a line for the thing, and one for each member with its old and new value.
[[nodiscard]] std::string change_lines(const nlohmann::ordered_json& change, Colours colours);

/// The members of a `change` alone, each on a line.
[[nodiscard]] std::string member_lines(const nlohmann::ordered_json& change, Colours colours);

/// The event as a record of the CSV whose columns `csv_header` names (RFC 4180).
[[nodiscard]] std::string csv_record(const nlohmann::ordered_json& event);
[[nodiscard]] std::string csv_header();

}  // namespace keyfold::ops
