#include "gateway/subscriptions/address_guard.h"

#include <gtest/gtest.h>

namespace keyfold::subscriptions {
namespace {

Status check(const std::string& text, const AddressGuard& guard = {}) {
  const auto address = parse_ip_address(text);
  EXPECT_TRUE(address) << text;
  return guard.check(*address);
}

TEST(AddressGuard, LetsGlobalAddressesThrough) {
  for (const std::string text : {"1.1.1.1",         "8.8.8.8",          "9.255.255.255",
                                 "11.0.0.0",        "100.63.255.255",   "100.128.0.0",
                                 "126.255.255.255", "128.0.0.0",        "169.253.255.255",
                                 "169.255.0.0",     "172.15.255.255",   "172.32.0.0",
                                 "192.0.1.0",       "192.167.255.255",  "192.169.0.0",
                                 "198.17.255.255",  "198.20.0.0",       "203.0.112.255",
                                 "223.255.255.255", "2606:4700::1111",  "2001:4860:4860::8888",
                                 "::ffff:8.8.8.8",  "64:ff9b::8.8.8.8", "2002:808:808::1"}) {
    EXPECT_TRUE(check(text)) << text;
  }
}

TEST(AddressGuard, RefusesSpecialAddressesAndSaysWhatTheyAre) {
  const std::pair<std::string, std::string> table[] = {
      {"0.0.0.0", "unspecified"},
      {"10.0.0.1", "private"},
      {"10.255.255.255", "private"},
      {"100.64.0.1", "carrier"},
      {"100.127.255.255", "carrier"},
      {"127.0.0.1", "loopback"},
      {"127.255.255.254", "loopback"},
      {"168.63.129.16", "metadata"},
      {"169.254.169.254", "metadata"},
      {"169.254.0.1", "link-local"},
      {"172.16.0.1", "private"},
      {"172.31.255.255", "private"},
      {"192.0.0.8", "reserved"},
      {"192.0.2.1", "documentation"},
      {"192.88.99.1", "reserved"},
      {"192.168.1.1", "private"},
      {"198.18.0.1", "benchmarking"},
      {"198.51.100.7", "documentation"},
      {"203.0.113.7", "documentation"},
      {"224.0.0.1", "multicast"},
      {"239.255.255.255", "multicast"},
      {"240.0.0.1", "reserved"},
      {"255.255.255.255", "reserved"},
      {"::", "unspecified"},
      {"::1", "loopback"},
      {"::7f00:1", "reserved"},
      {"::ffff:127.0.0.1", "loopback"},
      {"::ffff:169.254.169.254", "metadata"},
      {"64:ff9b::10.0.0.1", "private"},
      {"64:ff9b::a9fe:a9fe", "metadata"},
      {"64:ff9b:1::1", "reserved"},
      {"100::1", "reserved"},
      {"2001::1", "reserved"},
      {"2001:2::1", "reserved"},
      {"2001:db8::1", "documentation"},
      {"2002:7f00:1::1", "loopback"},
      {"2002:a00:1::1", "private"},
      {"3fff::1", "documentation"},
      {"5f00::1", "reserved"},
      {"fc00::1", "unique local"},
      {"fd00:ec2::254", "metadata"},
      {"fdff::1", "unique local"},
      {"fe80::1", "link-local"},
      {"fec0::1", "site-local"},
      {"ff02::1", "multicast"},
  };
  for (const auto& [text, kind] : table) {
    const Status checked = check(text);
    ASSERT_FALSE(checked) << text;
    EXPECT_NE(checked.error().what.find(kind), std::string::npos) << text << ": " << checked.error().what;
  }
}

TEST(AddressGuard, LetsAllowedNetworksThrough) {
  const AddressGuard guard(AddressGuard::PrivateAddresses::kRefused,
                           {*parse_ip_network("127.0.0.0/8"), *parse_ip_network("fd12::/16")});
  EXPECT_TRUE(check("127.0.0.1", guard));
  EXPECT_TRUE(check("::ffff:127.9.9.9", guard));
  EXPECT_TRUE(check("fd12:1::1", guard));
  EXPECT_FALSE(check("fd13::1", guard));
  EXPECT_FALSE(check("10.0.0.1", guard));
  EXPECT_TRUE(check("10.0.0.1", AddressGuard(AddressGuard::PrivateAddresses::kAllowed, {})));
}

TEST(IpAddress, IsReadInItsUsualFormAlone) {
  for (const std::string text :
       {"127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "1.2.3.4 ", "", "::1%lo", "[::1]"}) {
    EXPECT_FALSE(parse_ip_address(text)) << text;
  }
  EXPECT_EQ(to_string(*parse_ip_address("::ffff:1.2.3.4")), "1.2.3.4");
  EXPECT_EQ(to_string(*parse_ip_address("FE80::1")), "fe80::1");
}

TEST(IpNetwork, HasAPrefixOfItsOwnFamily) {
  EXPECT_EQ(parse_ip_network("10.0.0.0/8")->prefix_bits, 104u);
  EXPECT_EQ(parse_ip_network("10.0.0.1")->prefix_bits, 128u);
  EXPECT_EQ(parse_ip_network("fd00::/8")->prefix_bits, 8u);
  for (const std::string text : {"10.0.0.0/33", "fd00::/129", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "x/8"}) {
    EXPECT_FALSE(parse_ip_network(text)) << text;
  }
}

}  // namespace
}  // namespace keyfold::subscriptions
