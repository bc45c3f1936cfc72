#include "projections/usage_counts.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <map>

#include "projections/usage_rows.h"

namespace keyfold::projections {
namespace {

using Model = std::map<std::pair<std::uint8_t, std::string>, std::uint64_t>;

Model model_of(const OutcomeCounts& counts) {
  Model model;
  for (const auto& entry : counts.entries()) model[{entry.minute, entry.outcome}] = entry.count;
  return model;
}

RC_GTEST_PROP(OutcomeCounts, AreTheSameAfterTheyWereEncoded, (const Model& model)) {
  OutcomeCounts counts;
  for (const auto& [key, count] : model) counts.add(key.first, key.second, count);
  OutcomeCounts decoded;
  RC_ASSERT(decoded.add_encoded(counts.encode()));
  RC_ASSERT(model_of(decoded) == model);
}

RC_GTEST_PROP(OutcomeCounts, AddUpInAnyOrder, (const std::vector<std::pair<std::uint8_t, std::uint16_t>>& added)) {
  OutcomeCounts forward;
  OutcomeCounts backward;
  for (const auto& [minute, count] : added) forward.add(minute, "VALID", count);
  for (auto at = added.rbegin(); at != added.rend(); ++at) backward.add(at->first, "VALID", at->second);
  RC_ASSERT(forward.encode() == backward.encode());
}

RC_GTEST_PROP(OutcomeCounts, AreNeverReadBeyondTheirBytes, (const std::string& bytes)) {
  OutcomeCounts counts;
  static_cast<void>(counts.add_encoded(bytes));
}

TEST(OutcomeCounts, StopAtTheLargestNumber) {
  OutcomeCounts counts;
  counts.add(0, "VALID", std::numeric_limits<std::uint64_t>::max());
  counts.add(0, "VALID", 1);
  EXPECT_EQ(counts.entries().at(0).count, std::numeric_limits<std::uint64_t>::max());
}

RC_GTEST_PROP(WindowKey, IsReadAsItWasWritten, (const std::string& counter)) {
  const auto duration_ms = *rc::gen::inRange<std::int64_t>(1, 1'000'000'000);
  const auto window = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  const std::string key = window_key(counter, duration_ms, window);
  const auto parsed = parse_window_key(key);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(parsed->counter == counter);
  RC_ASSERT(parsed->duration_ms == duration_ms);
  RC_ASSERT(parsed->window == window);
  RC_ASSERT(parsed->expires_ms == (window + 2) * duration_ms);
}

RC_GTEST_PROP(UsageText, IsTakenAsItWasPut, (const std::string& first, const std::string& second)) {
  std::string bytes;
  put_text(bytes, first);
  put_text(bytes, second);
  std::string_view rest = bytes;
  RC_ASSERT(take_text(rest) == first);
  RC_ASSERT(take_text(rest) == second);
  RC_ASSERT(rest.empty());
}

}  // namespace
}  // namespace keyfold::projections
