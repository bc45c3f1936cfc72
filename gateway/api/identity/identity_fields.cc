#include "gateway/api/identity/identity_fields.h"

#include <set>

#include "gateway/api/key/key_fields.h"

namespace keyfold::api {
namespace {

constexpr std::size_t kMetaBytesMax = std::size_t{1024} * 1024;

}  // namespace

Answered<std::string> identity_meta_from(const nlohmann::json& meta) {
  if (meta.empty()) return std::string();
  std::string text = meta.dump();
  if (text.size() > kMetaBytesMax) {
    return refuse(invalid_input("`meta` has " + std::to_string(text.size()) + " bytes as JSON; at most " +
                                std::to_string(kMetaBytesMax) + " are kept. Send less of it."));
  }
  return text;
}

Answered<google::protobuf::RepeatedPtrField<v1::Ratelimit>> identity_ratelimits_from(const nlohmann::json& limits) {
  std::set<std::string_view> names;
  for (const auto& limit : limits) {
    const auto& name = limit.at("name").get_ref<const std::string&>();
    if (names.insert(name).second) continue;
    return refuse(
        invalid_input("`ratelimits` has more than one entry with the name '" + name + "'. Send each name once."));
  }
  google::protobuf::RepeatedPtrField<v1::Ratelimit> read;
  read_ratelimits(limits, read);
  return read;
}

}  // namespace keyfold::api
