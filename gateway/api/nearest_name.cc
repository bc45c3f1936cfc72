#include "gateway/api/nearest_name.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>

namespace keyfold::api {
namespace {

constexpr std::size_t kBytesMax = 64;  // longer names are nobody's typing error

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Letters to insert, remove or replace (Levenshtein); both are at most kBytesMax long.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::size_t, kBytesMax + 1> row{};
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known) {
  std::string_view nearest;
  if (name.size() > kBytesMax) return nearest;
  std::size_t best = std::max<std::size_t>(1, (name.size() + 2) / 3) + 1;
  for (const std::string_view candidate : known) {
    if (candidate.size() > kBytesMax) continue;
    const std::size_t found = distance(name, candidate);
    if (found >= best) continue;
    best = found;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace keyfold::api
