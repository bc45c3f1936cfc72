#include "ops/cli/audit_text.h"

#include <algorithm>
#include <array>

namespace keyfold::ops {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kReset = "\x1b[0m";

/// In the colour; names come from other people, so nothing in them may steer the terminal.
std::string paint(std::string text, std::string_view colour, Colours colours) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  if (colours == Colours::kNone) return text;
  return std::string(colour) + text + std::string(kReset);
}

std::string text_of(const Json& json, const char* member) {
  const auto found = json.find(member);
  if (found == json.end()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string resource_text(const Json& holder) {
  const Json& resource = holder.at("resource");
  return text_of(resource, "kind") + "/" + text_of(resource, "id");
}

std::string principal_text(const Json& principal) {
  std::string text = text_of(principal, "id");
  if (text.empty()) text = text_of(principal, "type");
  const std::string name = text_of(principal, "name");
  return name.empty() ? text : text + " (" + name + ")";
}

std::string_view colour_of(std::string_view change) {
  if (change == "created") return kGreen;
  return change == "deleted" ? kRed : kYellow;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

constexpr std::array kCsvColumns = {"id",           "type",          "timestamp",     "position",    "workspaceId",
                                    "resourceKind", "resourceId",    "principalType", "principalId", "principalName",
                                    "requestId",    "correlationId", "remoteIp",      "userAgent",   "data"};

std::string csv_value(const Json& event, std::string_view column) {
  const auto nested = [&](std::string_view prefix, const char* holder) -> std::string {
    std::string member(column.substr(prefix.size()));
    member[0] = static_cast<char>(member[0] - 'A' + 'a');
    return text_of(event.at(holder), member.c_str());
  };
  if (column.starts_with("resource")) return nested("resource", "resource");
  if (column.starts_with("principal")) return nested("principal", "principal");
  return text_of(event, std::string(column).c_str());
}

}  // namespace

std::string event_line(const Json& event, Colours colours) {
  std::string line = paint(text_of(event, "timestamp"), kDim, colours) + "  " +
                     paint(text_of(event, "position"), kDim, colours) + "  " +
                     paint(text_of(event, "type"), kBold, colours) + "  " + paint(resource_text(event), "", colours) +
                     "  by " + paint(principal_text(event.at("principal")), "", colours);
  const std::string from = text_of(event, "remoteIp");
  if (!from.empty()) line += " from " + paint(from, "", colours);
  const std::string request = text_of(event, "requestId");
  if (!request.empty()) line += "  " + paint(request, kDim, colours);
  return line + "\n";
}

std::string member_lines(const Json& change, Colours colours) {
  std::string lines;
  for (const auto& [name, values] : change.at("members").items()) {
    lines += "    " + paint(name, "", colours) + ": " + paint(values.at("from").dump(), kRed, colours) + " -> " +
             paint(values.at("to").dump(), kGreen, colours) + "\n";
  }
  return lines;
}

std::string change_lines(const Json& change, Colours colours) {
  const std::string kind = text_of(change, "change");
  return paint(kind, colour_of(kind), colours) + "  " + paint(resource_text(change), kBold, colours) + "\n" +
         member_lines(change, colours);
}

std::string csv_header() {
  std::string line;
  for (const char* column : kCsvColumns) line += (line.empty() ? "" : ",") + std::string(column);
  return line + "\r\n";
}

std::string csv_record(const Json& event) {
  std::string line;
  for (const char* column : kCsvColumns) {
    if (column != kCsvColumns.front()) line += ',';
    line += csv_cell(csv_value(event, column));
  }
  return line + "\r\n";
}

}  // namespace keyfold::ops
