#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "tests/unit/api/api_fixture.h"

namespace keyfold::api::testing {
namespace {

using nlohmann::json;

/// The identities of a new workspace, and what is known of them.
class Population {
 public:
  Population(ApiFixture& server, int number)
      : server_(server), root_key_(server.make_root_key("ws_" + std::to_string(number), {"administrator"})) {}

  std::string add(const std::string& external_id) {
    const json answer = server_.post("/v2/identities.createIdentity", {{"externalId", external_id}}, root_key_);
    auto id = answer.at("data").at("identityId").get<std::string>();
    external_id_by_id_[id] = external_id;
    return id;
  }
  void remove(const std::string& id) {
    const json answer = server_.post("/v2/identities.deleteIdentity", {{"identity", id}}, root_key_);
    RC_ASSERT(!answer.contains("error"));
    external_id_by_id_.erase(id);
  }
  json page(const json& request) { return server_.post("/v2/identities.listIdentities", request, root_key_); }

  /// Id to external id of those that live.
  [[nodiscard]] const std::map<std::string, std::string>& live() const { return external_id_by_id_; }

 private:
  ApiFixture& server_;
  std::string root_key_;
  std::map<std::string, std::string> external_id_by_id_;
};

class IdentityPages : public ::testing::Test {
 protected:
  Population population() { return {server_, ++workspaces_}; }

  ApiFixture server_;

 private:
  int workspaces_ = 0;
};

/// Adds one, or deletes one that is not among `kept`; the id that was added, if any.
std::string change(Population& population, const std::set<std::string>& kept, int step) {
  std::vector<std::string> others;
  for (const auto& [id, external_id] : population.live()) {
    if (!kept.contains(id)) others.push_back(id);
  }
  if (others.empty() || *rc::gen::arbitrary<bool>()) return population.add("passing." + std::to_string(step));
  population.remove(*rc::gen::elementOf(others));
  return {};
}

TEST_F(IdentityPages, ShowEachIdentityOnceWhileOthersAreAddedAndDeleted) {
  EXPECT_TRUE(rc::check([this] {
    Population people = population();
    std::set<std::string> kept;
    for (int i = *rc::gen::inRange(0, 8); i > 0; --i) kept.insert(people.add("kept." + std::to_string(i)));
    for (int i = *rc::gen::inRange(0, 6); i > 0; --i) people.add("there." + std::to_string(i));

    int step = 0;
    std::string last;
    std::set<std::string> seen;
    std::set<std::string> must_be_seen = kept;
    json request{{"limit", *rc::gen::inRange(1, 5)}};
    while (true) {
      const json answer = people.page(request);
      for (const json& row : answer.at("data")) {
        const auto id = row.at("id").get<std::string>();
        RC_ASSERT(last < id);
        RC_ASSERT(people.live().at(id) == row.at("externalId"));
        last = id;
        seen.insert(id);
      }
      const json& pagination = answer.at("pagination");
      RC_ASSERT(pagination.at("hasMore") == pagination.contains("cursor"));
      if (!pagination.contains("cursor")) break;
      const auto cursor = pagination.at("cursor").get<std::string>();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        const std::string added = change(people, kept, ++step);
        if (added > cursor) must_be_seen.insert(added);
      }
      std::erase_if(must_be_seen,
                    [&](const std::string& id) { return !seen.contains(id) && !people.live().contains(id); });
      request["cursor"] = cursor;
    }
    for (const std::string& id : must_be_seen) RC_ASSERT(seen.contains(id));
  }));
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

TEST_F(IdentityPages, OfASearchHoldWhatABruteForceSearchFinds) {
  EXPECT_TRUE(rc::check([this] {
    Population people = population();
    const auto text = rc::gen::container<std::string>(rc::gen::elementOf(std::string("aAbB_.-1")));
    for (int i = *rc::gen::inRange(0, 12); i > 0; --i) people.add(std::to_string(i) + *text);
    const std::string search = (*text).substr(0, 3);
    std::set<std::string> expected;
    for (const auto& [id, external_id] : people.live()) {
      const bool is_hit = lower(id).find(lower(search)) != std::string::npos ||
                          lower(external_id).find(lower(search)) != std::string::npos;
      if (is_hit) expected.insert(id);
    }
    std::set<std::string> found;
    json request{{"limit", *rc::gen::inRange(1, 4)}, {"search", "  " + search + " "}};
    while (true) {
      const json answer = people.page(request);
      for (const json& row : answer.at("data")) RC_ASSERT(found.insert(row.at("id").get<std::string>()).second);
      if (!answer.at("pagination").contains("cursor")) break;
      request["cursor"] = answer.at("pagination").at("cursor");
    }
    RC_ASSERT(found == expected);
  }));
}

TEST_F(IdentityPages, EndEarlyWhenTheirItemsAreLarge) {
  const std::string root_key = server_.make_root_key("ws_large", {"administrator"});
  const json meta{{"text", std::string(1'000'000, 'x')}};
  for (int i = 0; i < 12; ++i) {
    const json body{{"externalId", std::to_string(i)}, {"meta", meta}};
    EXPECT_TRUE(server_.post("/v2/identities.createIdentity", body, root_key).contains("data"));
  }
  std::vector<std::size_t> sizes;
  std::set<std::string> seen;
  json request = json::object();
  while (true) {
    const json answer = server_.post("/v2/identities.listIdentities", request, root_key);
    for (const json& row : answer.at("data")) EXPECT_TRUE(seen.insert(row.at("id").get<std::string>()).second);
    sizes.push_back(answer.at("data").size());
    if (!answer.at("pagination").contains("cursor")) break;
    request["cursor"] = answer.at("pagination").at("cursor");
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{9, 3}));
  EXPECT_EQ(seen.size(), 12U);
}

TEST_F(IdentityPages, ShowExternalIdsOfAnyScriptAsTheyAre) {
  const std::string root_key = server_.make_root_key("ws_old", {"administrator"});
  const std::string external_id = "\u00FCser \u4F60\u597D \U0001F600";
  server_.restart_after("ws_old", "identity_created { identity_id: 'id_1' external_id: '" + external_id + "' }");
  const json rows = server_.post("/v2/identities.listIdentities", {{"search", "\u4F60"}}, root_key).at("data");
  EXPECT_EQ(rows, json::parse(R"([{"id":"id_1","externalId":")" + external_id + R"("}])"));
  const json by_name = server_.post("/v2/identities.getIdentity", {{"identity", external_id}}, root_key);
  EXPECT_EQ(by_name.at("data").at("externalId"), external_id);
}

}  // namespace
}  // namespace keyfold::api::testing
