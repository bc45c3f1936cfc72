// Any bytes as an event: decoding must end in a result, and what it gives must be printable and stay the same when it
// is encoded again. The first two bytes split the input into header and payload; an odd third byte makes the payload's
// hash right, so that the code behind that check is reached.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "events/event.h"
#include "events/stored_record.h"

namespace {

using namespace keyfold;
using namespace keyfold::events;

void check_decode(RecordView record) {
  static Event event;
  const bool decoded = decode(record, event).has_value();
  const std::string json = to_json(event);
  if (json.find('\n') != std::string::npos || !nlohmann::json::accept(json)) std::abort();
  if (!decoded) return;
  v1::EventHeader header = event.header;
  const Record again = encode(header, event.payload);
  static Event same;
  if (!decode({again.header, again.payload}, same) || to_json(same).empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::size_t split = std::min<std::size_t>(input.size(), data[0] | data[1] << 8);
  std::string header(input.substr(0, split));
  const std::string_view payload = input.substr(split);
  if (data[2] % 2 == 1) {
    v1::EventHeader parsed;
    if (!parsed.ParsePartialFromString(header)) parsed.Clear();
    parsed.set_payload_hash(std::string(as_view(sha256(payload))));
    if (data[2] % 4 == 3) {
      v1::Payload inner;
      if (inner.ParseFromString(std::string(payload))) parsed.set_type(std::string(type_name(inner)));
      parsed.set_schema_version(kSchemaVersion);
    }
    header = parsed.SerializeAsString();
  }
  check_decode({header, payload});
  static_cast<void>(parse_stored_value({data[0], data[1]}, input));
  static_cast<void>(parse_stored_key(input));
  return 0;
}
