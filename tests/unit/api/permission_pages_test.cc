#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "schemas/base/encoding.h"
#include "tests/unit/api/api_fixture.h"

namespace keyfold::api::testing {
namespace {

using nlohmann::json;

/// How the tests speak of permissions or of roles.
struct Kind {
  std::string create, remove, list;  // operations
  std::string id, name;              // members
};
const Kind kPermission{"createPermission", "deletePermission", "listPermissions", "permission", "slug"};
const Kind kRole{"createRole", "deleteRole", "listRoles", "role", "name"};

/// The permissions or roles of a new workspace, and what is known of them.
class Population {
 public:
  Population(ApiFixture& server, const Kind& kind, int number)
      : server_(server),
        kind_(kind),
        root_key_(server.make_root_key("ws_" + std::to_string(number), {"administrator"})) {}

  /// The new item's id.
  std::string add(const std::string& name) {
    json body{{"name", name}};
    body[kind_.name] = name;
    auto id = call(kind_.create, body).at("data").at(kind_.id + "Id").get<std::string>();
    name_by_id_[id] = name;
    return id;
  }
  void remove(const std::string& id) {
    call(kind_.remove, {{kind_.id, id}});
    name_by_id_.erase(id);
  }
  json page(const json& request) { return call(kind_.list, request); }

  [[nodiscard]] bool has(const std::string& id) const { return name_by_id_.contains(id); }
  [[nodiscard]] bool matches(const std::string& id, const std::string& search) const {
    return to_lower(name_by_id_.at(id)).find(search) != std::string::npos ||
           to_lower(id).find(search) != std::string::npos;
  }
  [[nodiscard]] const std::map<std::string, std::string>& live() const { return name_by_id_; }

 private:
  json call(const std::string& operation, const json& body) {
    json answer = server_.post("/v2/permissions." + operation, body, root_key_);
    RC_ASSERT(answer.contains("data"));
    return answer;
  }

  ApiFixture& server_;
  const Kind& kind_;
  std::string root_key_;
  std::map<std::string, std::string> name_by_id_;  // of those that live
};

/// A name that searches for `a` and `_b` may find, with a part that no other has.
std::string any_name(const std::string& unique) {
  return *rc::gen::element<std::string>("A.", "a_B.", "axb.", "zz.", "c_b.") + unique;
}

/// Adds one, or deletes one that is not among `kept`; the id that was added, if any.
std::string change(Population& population, const std::set<std::string>& kept, int step) {
  std::vector<std::string> others;
  for (const auto& [id, name] : population.live()) {
    if (!kept.contains(id)) others.push_back(id);
  }
  if (others.empty() || *rc::gen::arbitrary<bool>()) return population.add(any_name("passing" + std::to_string(step)));
  population.remove(*rc::gen::elementOf(others));
  return {};
}

class PermissionPages : public ::testing::TestWithParam<Kind> {
 protected:
  ApiFixture server_;
  int workspaces_ = 0;
};

TEST_P(PermissionPages, ShowEachItemOfASearchOnceWhileOthersAreAddedAndDeleted) {
  EXPECT_TRUE(rc::check([this] {
    Population items(server_, GetParam(), ++workspaces_);
    std::set<std::string> kept;
    for (int i = *rc::gen::inRange(0, 10); i > 0; --i) kept.insert(items.add(any_name("kept" + std::to_string(i))));
    for (int i = *rc::gen::inRange(0, 6); i > 0; --i) items.add(any_name("there" + std::to_string(i)));

    const auto search = *rc::gen::element<std::string>("", "a", "_b", "%", "kept");
    json request{{"limit", *rc::gen::inRange(1, 5)}, {"search", " " + search + "\t"}};
    std::set<std::string> must_be_seen;
    const auto expect = [&](const std::string& id) {
      if (items.matches(id, search)) must_be_seen.insert(id);
    };
    for (const std::string& id : kept) expect(id);
    std::set<std::string> seen;
    std::string last;
    for (int step = 0;;) {
      const json answer = items.page(request);
      RC_ASSERT(answer.at("data").size() <= request.at("limit").get<std::size_t>());
      for (const json& row : answer.at("data")) {
        const auto id = row.at("id").get<std::string>();
        RC_ASSERT(last < id);
        RC_ASSERT(items.has(id));
        RC_ASSERT(items.matches(id, search));
        RC_ASSERT(row.at(GetParam().name) == items.live().at(id));
        last = id;
        seen.insert(id);
      }
      const json& pagination = answer.at("pagination");
      RC_ASSERT(pagination.at("hasMore") == pagination.contains("cursor"));
      if (!pagination.contains("cursor")) break;
      const auto cursor = pagination.at("cursor").get<std::string>();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        const std::string added = change(items, kept, ++step);
        if (added > cursor) expect(added);
      }
      std::erase_if(must_be_seen, [&](const std::string& id) { return !seen.contains(id) && !items.has(id); });
      request["cursor"] = cursor;
    }
    for (const std::string& id : must_be_seen) RC_ASSERT(seen.contains(id));
  }));
}

INSTANTIATE_TEST_SUITE_P(Lists, PermissionPages, ::testing::Values(kPermission, kRole),
                         [](const auto& kind) { return kind.param.list; });

}  // namespace
}  // namespace keyfold::api::testing
