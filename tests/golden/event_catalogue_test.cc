#include "tests/golden/event_catalogue.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/golden/golden_file.h"

namespace keyfold::golden {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(EventCatalogue, DocsListTheEventsAsTheyAre) {
  const std::filesystem::path page = KEYFOLD_EVENTS_PAGE;
  const std::string current = event_catalogue(read(KEYFOLD_EVENT_DESCRIPTORS));
  if (updating()) std::ofstream(page, std::ios::binary) << current;
  EXPECT_EQ(read(page), current) << page << " is not current: run with KEYFOLD_UPDATE_GOLDEN=1 and commit it";
}

TEST(EventCatalogue, ShowsFieldsInTheirPublicForm) {
  const std::string current = event_catalogue(read(KEYFOLD_EVENT_DESCRIPTORS));
  EXPECT_NE(current.find("### KeyCreated"), std::string::npos);
  EXPECT_NE(current.find("`ratelimits[].limit` | number"), std::string::npos);
  EXPECT_NE(current.find("`meta` | JSON"), std::string::npos);
  EXPECT_EQ(current.find("`hash`"), std::string::npos);
  EXPECT_EQ(current.find("### CommandRecorded"), std::string::npos);
}

}  // namespace
}  // namespace keyfold::golden
