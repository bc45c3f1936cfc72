#include "ops/cli/text_table.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace keyfold::ops {
namespace {

using Json = nlohmann::ordered_json;

std::string utc_text(std::int64_t time_ms) {
  const std::time_t seconds = time_ms / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {text.data(), size};
}

std::string joined(const Json& array) {
  std::string text;
  for (const Json& element : array) {
    if (!text.empty()) text += ',';
    text += element.is_string() ? element.get<std::string>() : element.dump();
  }
  return text;
}

std::string cell(const Json& item, const std::string& member) {
  if (!item.is_object() || !item.contains(member) || item.at(member).empty()) return "-";
  const Json& value = item.at(member);
  if (value.is_number_integer() && (member.ends_with("At") || member == "expires")) return utc_text(value);
  std::string text = value.is_array() ? joined(value) : value.is_string() ? value.get<std::string>() : value.dump();
  // Names come from other people: nothing in them may steer the terminal.
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return text;
}

}  // namespace

std::string text_table(const Json& items, const std::vector<Column>& columns) {
  std::vector<std::vector<std::string>> rows(1);
  for (const Column& column : columns) rows[0].push_back(column.title);
  for (const Json& item : items) {
    auto& row = rows.emplace_back();
    for (const Column& column : columns) row.push_back(cell(item, column.member));
  }
  std::vector<std::size_t> widths(columns.size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] - row[i].size() + 2, ' ');
    }
    text += '\n';
  }
  return text;
}

}  // namespace keyfold::ops
