#include "ops/cli/usage_page.h"

#include <google/protobuf/util/json_util.h>

namespace keyfold::ops {
namespace {

constexpr std::size_t kPageBytesMax = std::size_t{4} << 20;

bool add_line(events::Sequence sequence, const google::protobuf::Message& event, std::string& lines) {
  std::string payload;
  if (!google::protobuf::util::MessageToJsonString(event, &payload).ok()) return false;
  lines += "{\"sequence\":" + std::to_string(sequence) + ",\"type\":\"" + event.GetDescriptor()->name() +
           "\",\"payload\":" + payload + "}\n";
  return true;
}

bool add_lines(events::Sequence sequence, const v1::UsageBatch& batch, std::string& lines) {
  bool is_whole = true;
  const auto add = [&](const auto& events) {
    for (const auto& event : events) is_whole = is_whole && add_line(sequence, event, lines);
  };
  add(batch.verifications());
  add(batch.ratelimit_decisions());
  add(batch.window_charges());
  return is_whole;
}

}  // namespace

Result<UsagePage> read_usage_page(const events::UsageLog& log, events::Sequence from, std::size_t limit) {
  UsagePage page;
  bool is_whole = true;
  const auto next = log.read(from, limit, [&](events::Sequence sequence, const v1::UsageBatch& batch) {
    is_whole = add_lines(sequence, batch, page.lines);
    return is_whole && page.lines.size() < kPageBytesMax;
  });
  if (!next) return tl::unexpected(next.error());
  if (!is_whole) return fail(ErrorCode::kInternal, "a batch of usage can't be shown as JSON");
  page.next = *next;
  return page;
}

}  // namespace keyfold::ops
