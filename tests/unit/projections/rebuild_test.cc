#include <array>

#include "projections/command.h"
#include "projections/identity.h"
#include "projections/role.h"
#include "tests/unit/projections/store_fixture.h"

namespace keyfold::projections::testing {
namespace {

std::atomic<int> roles_folded = 0;
std::atomic<int> identities_folded = 0;

/// Another form of the row: the name, and no index.
void fold_role_anew(const events::Event& event, Overlay& rows) {
  ++roles_folded;
  if (!event.payload.has_role_created()) return;
  rows.put(Table::kRoles, "r/" + event.payload.role_created().role_id(), event.payload.role_created().name());
}

void fold_identity_counted(const events::Event& event, Overlay& rows) {
  ++identities_folded;
  fold_identity(event, rows);
}

constexpr Projector kCountedIdentities{"identities", Table::kIdentities, kIdentityProjector.version,
                                       fold_identity_counted};
constexpr std::array kBefore = {kCountedIdentities, kRoleProjector, kCommandProjector};
constexpr std::array kAfter = {kCountedIdentities,
                               Projector{"roles", Table::kRoles, kRoleProjector.version + 1, fold_role_anew},
                               kCommandProjector};

class Rebuild : public ProjectionsTest {
 protected:
  Rebuild() {
    append_random(log_, 7, 1'500);
    registry_ = kBefore;
    before_ = make();
    registry_ = kAfter;
    roles_folded = 0;
    identities_folded = 0;
  }

  /// Opens, flushes, and closes.
  std::vector<std::string> make() {
    const auto projections = open();
    EXPECT_TRUE(projections->flush());
    return digest(*projections);
  }

  static std::vector<std::string> of(const std::string& projector, const std::vector<std::string>& lines) {
    std::vector<std::string> found;
    for (const std::string& line : lines) {
      if (line.starts_with("digest " + projector + " ")) found.push_back(line);
    }
    return found;
  }

  std::vector<std::string> before_;
};

TEST_F(Rebuild, FoldsAllEventsAgainForTheChangedProjectorAloneAndSaysSo) {
  const auto after = make();
  EXPECT_EQ(roles_folded, 3'002);
  EXPECT_EQ(identities_folded, 0);
  EXPECT_EQ(told_.front().what, "rebuilding roles (version 2 to 3)");
  EXPECT_EQ(told_.front().done, 0u);
  EXPECT_EQ(told_.back().done, 3'002u);
  EXPECT_EQ(told_.back().total, 3'002u);
  EXPECT_EQ(of("identities", after), of("identities", before_));
  EXPECT_EQ(of("commands", after), of("commands", before_));
  EXPECT_NE(of("roles", after), of("roles", before_));
  EXPECT_EQ(after, replayed_digest());
}

TEST_F(Rebuild, LeavesNoRowOfTheOldForm) {
  const auto projections = open();
  std::size_t rows = 0;
  projections->scan(0, Table::kRoles, "", "", [&](std::string_view key, std::string_view value) {
    EXPECT_TRUE(key.starts_with("r/"));
    EXPECT_EQ(value.size(), 2u);
    ++rows;
    return true;
  });
  EXPECT_EQ(rows, 3u);
}

TEST_F(Rebuild, AlsoFoldsWhatIsNewSinceIntoTheOthers) {
  append_random(log_, 8, 50);
  const auto after = make();
  EXPECT_EQ(roles_folded, 3'102);
  EXPECT_EQ(identities_folded, 100);
  EXPECT_EQ(after, replayed_digest());
}

TEST_F(Rebuild, ThatWasInterruptedIsFinishedAtTheNextStart) {
  log_.break_at(1'200);
  EXPECT_EQ(refusal().what, "the record is damaged");
  log_.break_at(10'000);
  EXPECT_EQ(make(), replayed_digest());
}

TEST_F(Rebuild, ThatWasInterruptedIsNotTakenForTheOldVersion) {
  log_.break_at(1'200);
  EXPECT_EQ(refusal().what, "the record is damaged");
  log_.break_at(10'000);
  registry_ = kBefore;
  EXPECT_EQ(make(), before_);
}

TEST_F(Rebuild, HappensOnce) {
  static_cast<void>(make());
  roles_folded = 0;
  const auto again = open();
  EXPECT_EQ(roles_folded, 0);
  EXPECT_TRUE(told_.empty());
}

TEST_F(Rebuild, FillsAProjectorThatIsNew) {
  registry_ = projectors();
  const auto after = make();
  EXPECT_EQ(told_.front().what, "catching up");
  EXPECT_EQ(identities_folded, 0);
  EXPECT_EQ(after, replayed_digest());
}

}  // namespace
}  // namespace keyfold::projections::testing
