#include "schemas/base/wildcard.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace keyfold {
namespace {

TEST(Wildcard, Wm1StandsForAnyBeginning) {
  EXPECT_TRUE(matches_wildcard("*@gmail.com", "ann@gmail.com"));
  EXPECT_TRUE(matches_wildcard("*@gmail.com", "@gmail.com"));
  EXPECT_FALSE(matches_wildcard("*@gmail.com", "ann@example.com"));
  EXPECT_FALSE(matches_wildcard("*@gmail.com", "ann@gmail.com.example"));
}

TEST(Wildcard, Wm2StandsAnywhereAndMoreThanOnce) {
  EXPECT_TRUE(matches_wildcard("hello*", "hello world"));
  EXPECT_TRUE(matches_wildcard("*world", "hello world"));
  EXPECT_TRUE(matches_wildcard("h*d", "hello world"));
  EXPECT_TRUE(matches_wildcard("h*o*o*d", "hello world"));
  EXPECT_FALSE(matches_wildcard("h*o*o*o*d", "hello world"));
  EXPECT_TRUE(matches_wildcard("a**b", "ab"));
  EXPECT_FALSE(matches_wildcard("ab*ba", "aba"));
}

TEST(Wildcard, Wm3LeavesEveryOtherCharacterForItself) {
  EXPECT_FALSE(matches_wildcard("a.c*", "abc"));
  EXPECT_TRUE(matches_wildcard("a?[x]*", "a?[x]y"));
  EXPECT_FALSE(matches_wildcard("A*", "abc"));
}

TEST(Wildcard, Wm4AloneMatchesEverythingButANewline) {
  EXPECT_TRUE(matches_wildcard("*", ""));
  EXPECT_TRUE(matches_wildcard("*", "anything/at all"));
  EXPECT_FALSE(matches_wildcard("*", "two\nlines"));
  EXPECT_TRUE(matches_wildcard("*\n*", "two\nlines"));
}

TEST(Wildcard, Wm5IsNotNeeded) {
  EXPECT_TRUE(matches_wildcard("same", "same"));
  EXPECT_FALSE(matches_wildcard("same", "same "));
  EXPECT_TRUE(matches_wildcard("two\nlines", "two\nlines"));
}

bool matches_slowly(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() != '*') {
    return !text.empty() && text.front() == pattern.front() && matches_slowly(pattern.substr(1), text.substr(1));
  }
  if (matches_slowly(pattern.substr(1), text)) return true;
  return !text.empty() && text.front() != '\n' && matches_slowly(pattern, text.substr(1));
}

RC_GTEST_PROP(WildcardProperty, MatchesAsTheDefinitionDoes, ()) {
  const auto pattern = *rc::gen::container<std::string>(rc::gen::element('a', 'b', '\n', '*'));
  const auto text = *rc::gen::container<std::string>(rc::gen::element('a', 'b', '\n'));
  const std::string_view short_pattern = std::string_view(pattern).substr(0, 9);
  const std::string_view short_text = std::string_view(text).substr(0, 12);
  RC_ASSERT(matches_wildcard(short_pattern, short_text) == matches_slowly(short_pattern, short_text));
}

}  // namespace
}  // namespace keyfold
