#include "gateway/api/key/ip_allowlist.h"

#include <gtest/gtest.h>

#include <vector>

namespace keyfold::api {
namespace {

bool is_let_in(std::vector<std::string> ip_allowlist, std::string_view client_ip) {
  return lets_in(ip_allowlist, client_ip);
}

TEST(IpAllowlist, LetsEverybodyInWhenItIsEmpty) {
  EXPECT_TRUE(is_let_in({}, "10.0.0.1"));
  EXPECT_TRUE(is_let_in({}, ""));
}

TEST(IpAllowlist, LetsInWhoIsListedAndNobodyElse) {
  EXPECT_TRUE(is_let_in({"10.0.0.1", "2001:db8::1"}, "10.0.0.1"));
  EXPECT_TRUE(is_let_in({"10.0.0.1", "2001:db8::1"}, "2001:db8::1"));
  for (const auto client : {"10.0.0.2", "10.0.0.10", "10.0.0", "::", "2001:db8::2", "localhost", ""}) {
    EXPECT_FALSE(is_let_in({"10.0.0.1", "2001:db8::1"}, client)) << client;
  }
}

TEST(IpAllowlist, ComparesAddressesNotTheirSpelling) {
  EXPECT_TRUE(is_let_in({"2001:DB8:0:0::1"}, "2001:db8::1"));
  EXPECT_TRUE(is_let_in({"10.0.0.1"}, "::ffff:10.0.0.1"));
  EXPECT_TRUE(is_let_in({"::ffff:10.0.0.1"}, "10.0.0.1"));
}

TEST(IpAllowlist, LetsNobodyInWhoseAddressCannotBeRead) {
  for (const auto client : {"", "unknown", "10.0.0.1:80", "[::1]", "10.0.0.1 "}) {
    EXPECT_FALSE(is_let_in({"10.0.0.1", "unknown", "::1"}, client)) << client;
  }
  EXPECT_FALSE(is_let_in({"10.0.0.1"}, std::string(5'000, '1')));
  EXPECT_FALSE(is_let_in({"10.0.0.1"}, std::string_view("10.0.0.1\0", 9)));
  EXPECT_FALSE(is_let_in({"not an address"}, "not an address"));
}

}  // namespace
}  // namespace keyfold::api
