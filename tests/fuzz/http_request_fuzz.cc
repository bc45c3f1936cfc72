// Any bytes as a connection's input: however they are cut into pieces, the same requests come out and the same end. The
// first byte seeds the cuts; the limits are small so that short inputs reach them.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>

#include "tests/unit/http/parse_pieces.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace keyfold::http;
  if (size == 0) return 0;
  constexpr ParserLimits kLimits{.body_bytes_max = 300, .header_bytes_max = 500, .header_count_max = 8};
  std::minstd_rand random(data[0]);
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = parse_pieces({rest}, kLimits);
  std::vector<std::string_view> pieces;
  while (!rest.empty()) {
    const std::size_t bound = random() % 4 == 0 ? 100 : 4;
    pieces.push_back(rest.substr(0, 1 + random() % bound));
    rest.remove_prefix(pieces.back().size());
  }
  if (parse_pieces(pieces, kLimits) != whole) std::abort();
  return 0;
}
