#include "gateway/subscriptions/outgoing_url.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace keyfold::subscriptions {
namespace {

const OutgoingPolicy kStrict;
const OutgoingPolicy kHttpToo{.schemes = OutgoingPolicy::Schemes::kHttpToo, .guard = {}};

TEST(OutgoingUrl, IsTakenApart) {
  const auto url = check_outgoing_url("HTTPS://Hooks.Example.com:8443/a/b?c=d&e", kStrict).value();
  EXPECT_TRUE(url.is_https);
  EXPECT_EQ(url.host, "hooks.example.com");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.target, "/a/b?c=d&e");
  EXPECT_EQ(check_outgoing_url("https://a.example", kStrict)->target, "/");
  EXPECT_EQ(check_outgoing_url("https://a.example?q", kStrict)->target, "/?q");
  EXPECT_EQ(check_outgoing_url("http://a.example/", kHttpToo)->port, 80);
  EXPECT_EQ(check_outgoing_url("https://[2606:4700::1111]:443/", kStrict)->host, "2606:4700::1111");
}

TEST(OutgoingUrl, SaysWhatIsWrong) {
  const std::pair<std::string, std::string> table[] = {
      {"http://a.example/", "scheme"},
      {"ftp://a.example/", "scheme"},
      {"file:///etc/passwd", "scheme"},
      {"a.example", "scheme"},
      {"", "scheme"},
      {"https://", "host name"},
      {"https:///path", "host name"},
      {"https://user:secret@a.example/", "user name"},
      {"https://a.example@127.0.0.1/", "user name"},
      {"https://a.example/#x", "fragment"},
      {"https://a.example/a b", "percent-encoded"},
      {"https://a.example\\@b.example/", "percent-encoded"},
      {"https://m\xc3\xbcnchen.example/", "percent-encoded"},
      {"https://a.example:22/", "port 22"},
      {"https://a.example:0/", "port"},
      {"https://a.example:65536/", "port"},
      {"https://a.example:x/", "port"},
      {"https://127.0.0.1/", "loopback"},
      {"https://169.254.169.254/latest/meta-data", "metadata"},
      {"https://[::1]/", "loopback"},
      {"https://[::ffff:10.0.0.1]/", "private"},
      {"https://127.1/", "neither"},
      {"https://2130706433/", "neither"},
      {"https://0x7f000001/", "neither"},
      {"https://0177.0.0.1/", "neither"},
      {"https://[127.0.0.1]/", "IPv6"},
      {"https://[::1/", "bracket"},
      {"https://a$b/", "host name"},
      {"https://.a.example/", "host name"},
      {"https://a.example/" + std::string(2'048, 'x'), "longer"},
  };
  for (const auto& [text, words] : table) {
    const auto checked = check_outgoing_url(text, kStrict);
    ASSERT_FALSE(checked) << text;
    EXPECT_NE(checked.error().to_string().find(words), std::string::npos)
        << text << ": " << checked.error().to_string();
  }
}

TEST(OutgoingUrl, IsJudgedOnARedirectToo) {
  const auto from = check_outgoing_url("https://a.example:8443/x?y", kStrict).value();
  EXPECT_EQ(follow_redirect(from, "/z", kStrict)->target, "/z");
  EXPECT_EQ(follow_redirect(from, "/z", kStrict)->port, 8443);
  EXPECT_EQ(follow_redirect(from, "https://b.example/", kStrict)->host, "b.example");
  for (const std::string location : {"http://a.example/", "https://127.0.0.1/", "//127.0.0.1/", "z", "", "/a b"}) {
    EXPECT_FALSE(follow_redirect(from, location, kStrict)) << location;
  }
}

TEST(OutgoingUrl, NeverFallsOverAnyText) {
  EXPECT_TRUE(rc::check([] {
    const auto tail = *rc::gen::container<std::string>(rc::gen::elementOf(std::string(":/?#@[]%.0x1a\\ \x80-_")));
    const auto checked = check_outgoing_url("https://" + tail, kHttpToo);
    if (checked) RC_ASSERT(!checked->host.empty() && checked->port != 0 && checked->target.starts_with('/'));
  }));
}

}  // namespace
}  // namespace keyfold::subscriptions
