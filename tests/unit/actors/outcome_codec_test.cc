#include "actors/cluster/outcome_codec.h"

#include <gtest/gtest.h>

namespace keyfold::actors {
namespace {

Outcome travel(const Outcome& outcome) {
  v1::ForwardedOutcome received;
  EXPECT_TRUE(received.ParseFromString(to_forwarded(outcome).SerializeAsString()));
  return from_forwarded(received, 3);
}

TEST(OutcomeCodec, AcceptedCommandArrivesWithAllThatItsAnswerNeeds) {
  Accepted accepted{{3, 41}, 0, std::nullopt, R"({"a":1})"};
  const Outcome plain = travel(accepted);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->position, (events::Position{3, 41}));
  EXPECT_EQ(plain->credits_remaining, 0) << "none left is not the same as unlimited";
  EXPECT_EQ(plain->data_json, R"({"a":1})");
  EXPECT_FALSE(plain->replayed);

  accepted.credits_remaining.reset();
  accepted.replayed.emplace().set_sealed_data("secret");
  const Outcome repeated = travel(accepted);
  ASSERT_TRUE(repeated);
  EXPECT_FALSE(repeated->credits_remaining);
  ASSERT_TRUE(repeated->replayed);
  EXPECT_EQ(repeated->replayed->sealed_data(), "secret");
}

TEST(OutcomeCodec, RejectionArrivesAsItIs) {
  for (const auto code : {RejectionCode::kInvalidInput, RejectionCode::kCreditsExceeded, RejectionCode::kUnknownOutcome,
                          RejectionCode::kNotOwner}) {
    const Outcome rejected = travel(tl::unexpected(Rejection{code, "why", 7}));
    ASSERT_FALSE(rejected);
    EXPECT_EQ(rejected.error().code, code);
    if (code == RejectionCode::kNotOwner) continue;
    EXPECT_EQ(rejected.error().detail, "why");
    EXPECT_EQ(rejected.error().credits_remaining, 7);
  }
}

TEST(OutcomeCodec, CodeOfANewerNodeIsARejectionThatKeepsItsText) {
  v1::ForwardedOutcome newer;
  newer.mutable_rejected()->set_code(60'000);
  newer.mutable_rejected()->set_detail("of the future");
  const Outcome rejected = from_forwarded(newer, 0);
  ASSERT_FALSE(rejected);
  EXPECT_EQ(rejected.error().code, RejectionCode::kInvalidInput);
  EXPECT_EQ(rejected.error().detail, "of the future");
}

TEST(OutcomeCodec, EmptyAnswerMeansThatNothingHappened) {
  EXPECT_EQ(from_forwarded({}, 0).error().code, RejectionCode::kNotOwner);
}

}  // namespace
}  // namespace keyfold::actors
