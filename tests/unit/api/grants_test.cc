#include "gateway/api/grants.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace keyfold::api {
namespace {

using Held = std::vector<std::string>;

Held sorted(Held held) {
  std::sort(held.begin(), held.end());
  return held;
}

bool allows_tuple(Held held, const std::string& tuple) { return allows(sorted(std::move(held)), {tuple, {}}); }
bool allows_urn(Held held, const std::string& urn) { return allows(sorted(std::move(held)), {{}, urn}); }
bool grants(Held held, std::string_view permission) { return may_grant(sorted(std::move(held)), permission); }

const std::string kOverride = "unkey:v1:ws_1:ratelimits/namespaces/ns_1/overrides/o_1#read_override";

TEST(Tuples, AllowExactlyTheirText) {
  EXPECT_TRUE(allows_tuple({"api.*.read_key"}, "api.*.read_key"));
  EXPECT_FALSE(allows_tuple({"api.*.read_key"}, "api.api_1.read_key"));
  EXPECT_FALSE(allows_tuple({"api.api_1.read_key"}, "api.*.read_key"));
  EXPECT_FALSE(allows_tuple({"API.*.read_key"}, "api.*.read_key"));
  EXPECT_FALSE(allows_tuple({}, "api.*.read_key"));
}

TEST(Tuples, AreFoundAmongOthers) {
  EXPECT_TRUE(allows_tuple({"rbac.*.create_role", "api.*.read_key", "api.*.create_api"}, "api.*.read_key"));
}

TEST(Tuples, OfWhichAnyIsEnoughAllow) {
  const Held held{"api.api_1.read_key"};
  EXPECT_TRUE(allows_any(held, {{"api.*.read_key", {}}, {"api.api_1.read_key", {}}}));
  EXPECT_FALSE(allows_any(held, {{"api.*.read_key", {}}, {"api.api_2.read_key", {}}}));
  EXPECT_FALSE(allows_any(held, {}));
}

TEST(Tuples, Ur5AreNeverAllowedByUrnGrants) {
  EXPECT_FALSE(allows_tuple({"unkey:v1:ws_1:**#*"}, "api.*.read_key"));
  EXPECT_FALSE(allows(Held{"unkey:v1:ws_1:**#*"}, {"api.*.read_key", {}}));
}

TEST(Tuples, ThatAreAbsentAreNotAllowedByAnEmptyPermission) { EXPECT_FALSE(allows_tuple({""}, "")); }

TEST(Tuples, AreNotAllowedByAStar) { EXPECT_FALSE(allows_tuple({"*"}, "api.*.read_key")); }

TEST(Administrator, MayDoEverythingInItsWorkspace) {
  EXPECT_TRUE(allows_tuple({"administrator"}, "api.api_1.delete_api"));
  EXPECT_TRUE(allows_urn({"administrator"}, kOverride));
}

TEST(Administrator, DoesNotReachBeyondItsWorkspace) {
  EXPECT_FALSE(allows_tuple({"administrator"}, "workspace.*.create_workspace"));
  EXPECT_FALSE(allows_tuple({"administrator"}, "audit.*.read_entries"));
  EXPECT_TRUE(allows_tuple({"audit.*.read_entries"}, "audit.*.read_entries"));
  EXPECT_TRUE(allows_tuple({"administrator", "workspace.*.create_workspace"}, "workspace.*.create_workspace"));
}

TEST(UrnGrants, Ur1Ur3CoverWhatTheyName) {
  for (const std::string_view grant :
       {"unkey:v1:ws_1:ratelimits/namespaces/ns_1/overrides/o_1#read_override",
        "unkey:v1:ws_1:ratelimits/namespaces/ns_1/overrides/*#read_override",
        "unkey:v1:ws_1:ratelimits/namespaces/*/overrides/*#read_override", "unkey:v1:ws_1:ratelimits/**#read_override",
        "unkey:v1:ws_1:**#read_override", "unkey:v1:ws_1:**#*"}) {
    EXPECT_TRUE(allows_urn({std::string(grant)}, kOverride)) << grant;
  }
}

TEST(UrnGrants, Ur3DoNotCoverWhatTheyDoNotName) {
  for (const std::string_view grant :
       {"unkey:v1:ws_2:ratelimits/namespaces/ns_1/overrides/o_1#read_override",
        "unkey:v1:ws_1:ratelimits/namespaces/ns_1/overrides/o_1#set_override",
        "unkey:v1:ws_1:ratelimits/namespaces/ns_2/overrides/o_1#read_override",
        "unkey:v1:ws_1:ratelimits/namespaces/ns_1#read_override", "unkey:v1:ws_1:ratelimits/*#read_override",
        "unkey:v1:ws_1:ratelimits/namespaces/ns_1/overrides/o_1/x#read_override", "unkey:v1:ws_2:**#*"}) {
    EXPECT_FALSE(allows_urn({std::string(grant)}, kOverride)) << grant;
  }
}

TEST(UrnGrants, Ur6OfASubtreeCoverItsBase) {
  EXPECT_TRUE(allows_urn({"unkey:v1:ws_1:portals/p_1/**#read"}, "unkey:v1:ws_1:portals/p_1#read"));
  EXPECT_TRUE(allows_urn({"unkey:v1:ws_1:portals/p_1/**#read"}, "unkey:v1:ws_1:portals/p_1/sessions/s_1#read"));
  EXPECT_FALSE(allows_urn({"unkey:v1:ws_1:portals/p_1/**#read"}, "unkey:v1:ws_1:portals/p_2#read"));
}

TEST(UrnGrants, OfOneThingDoNotCoverARequirementOfAll) {
  EXPECT_FALSE(
      allows_urn({"unkey:v1:ws_1:keyspaces/ks_1/keys/key_1#read_key"}, "unkey:v1:ws_1:keyspaces/ks_1/keys/*#read_key"));
  EXPECT_TRUE(
      allows_urn({"unkey:v1:ws_1:keyspaces/*/keys/*#read_key"}, "unkey:v1:ws_1:keyspaces/ks_1/keys/*#read_key"));
}

TEST(UrnGrants, Ur4ThatAreMalformedSpoilNoGoodOne) {
  EXPECT_TRUE(allows_urn({"unkey:v1:ws_1:**", "unkey:v1:ws_1:ratelimits/**#read_override", "unkey:v2:x"}, kOverride));
}

const std::string_view kMalformedUrns[] = {
    "unkey:v1:ws_1:ratelimits/**",             // no action
    "unkey:v1:ws_1:#read_key",                 // no path
    "unkey:v1:ws_1:keyspaces#",                // empty action
    "unkey:v1:ws_1:**#read#key",               // two marks
    "other:v1:ws_1:**#read_key",               // another scheme
    "unkey:v2:ws_1:**#read_key",               // another version
    "unkey:v1::**#read_key",                   // empty workspace
    "unkey:v1:**#read_key",                    // no workspace
    "unkey:v1:ws/1:**#read_key",               // a slash in the workspace
    "unkey:v1:*:**#read_key",                  // a wildcard for it
    "unkey:v1:ws_1:keys:one#read_key",         // a colon in the path
    "unkey:v1:ws_1:/keyspaces#read_key",       // slashes out of place
    "unkey:v1:ws_1:keyspaces/#read_key",       //
    "unkey:v1:ws_1:keyspaces//keys#read_key",  //
    "unkey:v1:ws_1:namespaces/ns_*#read_key",  // half a wildcard
    "unkey:v1:ws_1:**/keys#read_key",          // a subtree before the end
    "unkey:v1:ws_1:keyspaces/***#read_key",    //
    "unkey:v1:ws_1:**#read/key",               // an action that is none
    "unkey:v1:ws_1:**#read:key",               //
    "unkey:v1:ws_1:**#_read",                  //
    "unkey:v1:ws_1:**#read_",                  //
    "unkey:v1:ws_1:portals/*#*",               // every action of less than everything
    "unkey:v1:ws_1:*#*",                       //
    "unkey:v1:ws_1:portals/**#*",              //
    "unkey:v1:ws_1:key spaces#read_key",       // a blank
};

TEST(UrnGrants, Ur2ThatAreMalformedCoverNothing) {
  for (const std::string_view grant : kMalformedUrns) {
    EXPECT_FALSE(is_grant(grant)) << grant;
    EXPECT_FALSE(allows_urn({std::string(grant)}, std::string(grant))) << grant;
  }
}

TEST(Grants, AreTuplesUrnsAndAdministrator) {
  for (const std::string_view permission :
       {"api.*.read_key", "api.api_1.read_key", "rbac.*.create_role", "administrator", "unkey:v1:ws_1:**#*",
        "unkey:v1:ws_1:ratelimits/namespaces/*/overrides/*#read_override", "unkey:v1:ws_1:keyspaces/ks_1#create_key"}) {
    EXPECT_TRUE(is_grant(permission)) << permission;
  }
}

TEST(Grants, AreNothingElse) {
  for (const std::string_view permission : {"", "*", "read", "api.read", "api..read", ".*.read", "api.*.", "api.*.*",
                                            "*.*.read", "a.b.c.d", "api.a*.read", "api.a b.read", "Administrator"}) {
    EXPECT_FALSE(is_grant(permission)) << permission;
  }
}

TEST(Granting, PassesOnWhatIsHeld) {
  EXPECT_TRUE(grants({"api.*.read_key", "unkey:v1:ws_1:keyspaces/**#read_key"}, "api.*.read_key"));
  EXPECT_TRUE(grants({"unkey:v1:ws_1:keyspaces/**#read_key"}, "unkey:v1:ws_1:keyspaces/**#read_key"));
  EXPECT_FALSE(grants({"api.*.read_key"}, "api.*.create_key"));
  EXPECT_FALSE(grants({"api.*.read_key"}, "api.api_1.read_key"));
  EXPECT_FALSE(grants({}, "api.*.read_key"));
}

TEST(Granting, PassesOnWhatAUrnGrantCovers) {
  EXPECT_TRUE(grants({"unkey:v1:ws_1:keyspaces/*/keys/*#read_key"}, "unkey:v1:ws_1:keyspaces/ks_1/keys/*#read_key"));
  EXPECT_TRUE(grants({"unkey:v1:ws_1:**#*"}, "unkey:v1:ws_1:keyspaces/ks_1/**#read_key"));
}

TEST(Granting, NeverWidens) {
  EXPECT_FALSE(grants({"unkey:v1:ws_1:keyspaces/*#read_key"}, "unkey:v1:ws_1:keyspaces/**#read_key"));
  EXPECT_FALSE(grants({"unkey:v1:ws_1:keyspaces/ks_1#read_key"}, "unkey:v1:ws_1:keyspaces/*#read_key"));
  EXPECT_FALSE(grants({"unkey:v1:ws_1:**#read_key"}, "unkey:v1:ws_1:**#*"));
  EXPECT_FALSE(grants({"unkey:v1:ws_1:**#*"}, "administrator"));
  EXPECT_FALSE(grants({"unkey:v1:ws_1:**#*"}, "unkey:v1:ws_2:**#*"));
}

TEST(Granting, ByAnAdministratorEndsAtItsWorkspace) {
  EXPECT_TRUE(grants({"administrator"}, "api.*.read_key"));
  EXPECT_TRUE(grants({"administrator"}, "administrator"));
  EXPECT_FALSE(grants({"administrator"}, "workspace.*.manage_root_keys"));
  EXPECT_FALSE(grants({"administrator"}, "audit.*.read_entries"));
  EXPECT_TRUE(grants({"administrator", "workspace.*.manage_root_keys"}, "workspace.*.manage_root_keys"));
}

TEST(Granting, RefusesWhatIsNoGrantEvenWhenItIsHeld) { EXPECT_FALSE(grants({"*"}, "*")); }

// Every path of at most three segments, with and without a subtree at its end.
std::vector<std::string> small_paths() {
  std::vector<std::string> paths{""};
  for (std::size_t at = 0; at < paths.size(); ++at) {
    if (std::count(paths[at].begin(), paths[at].end(), '/') == 3) continue;
    for (const char* segment : {"/a", "/b", "/*"}) paths.push_back(paths[at] + segment);
  }
  for (std::size_t at = paths.size(); at-- > 0;) paths.push_back(paths[at] + "/**");
  paths.erase(paths.begin());
  for (std::string& path : paths) path.erase(0, 1);
  return paths;
}

// Whatever the narrower grant allows, the one it came from allows: passing a grant on wins nothing.
TEST(Granting, NeverAllowsMoreThanTheGiverHolds) {
  const auto urn = [](const std::string& path) { return "unkey:v1:ws_1:" + path + "#read"; };
  const std::vector<std::string> paths = small_paths();
  for (const std::string& held : paths) {
    for (const std::string& given : paths) {
      if (!grants({urn(held)}, urn(given))) continue;
      for (const std::string& asked : paths) {
        if (!allows_urn({urn(given)}, urn(asked))) continue;
        ASSERT_TRUE(allows_urn({urn(held)}, urn(asked))) << held << " gave " << given << ", which allows " << asked;
      }
    }
  }
}

}  // namespace
}  // namespace keyfold::api
