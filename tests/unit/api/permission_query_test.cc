#include "gateway/api/permission_query.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace keyfold::api {
namespace {

using Held = std::vector<std::string_view>;

bool is_satisfied(std::string_view expression, Held held) {
  std::sort(held.begin(), held.end());
  const auto result = satisfies(expression, held);
  EXPECT_TRUE(result) << expression << ": " << result.error().to_string();
  return result.value_or(false);
}

// The problem and its place, or "well-formed".
std::string problem(std::string_view expression) {
  const auto result = satisfies(expression, {});
  if (result) return "well-formed";
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  return result.error().to_string();
}

struct QueryCase {
  std::string_view expression;
  Held held;
  bool want;
};

void expect_all(const std::vector<QueryCase>& cases) {
  for (const auto& [expression, held, want] : cases) EXPECT_EQ(is_satisfied(expression, held), want) << expression;
}

TEST(PermissionQuery, AsksForOneSlug) { expect_all({{"a", {"a"}, true}, {"a", {"b"}, false}, {"a", {}, false}}); }

TEST(PermissionQuery, Ex1JoinsByAndAndOr) {
  expect_all(
      {{"a AND b", {"a", "b"}, true}, {"a AND b", {"a"}, false}, {"a OR b", {"b"}, true}, {"a OR b", {"c"}, false}});
}

TEST(PermissionQuery, Ex1BindsAndTighterThanOr) {
  expect_all({{"a OR b AND c", {"a"}, true}, {"a OR b AND c", {"b"}, false}, {"a AND b OR c", {"c"}, true}});
}

TEST(PermissionQuery, Ex1HonoursGroups) {
  expect_all({{"(a OR b) AND c", {"a"}, false},
              {"(a OR b) AND c", {"a", "c"}, true},
              {"((a))", {"a"}, true},
              {"a AND (b OR (c AND d))", {"a", "c", "d"}, true},
              {"a AND (b OR (c AND d))", {"a", "c"}, false}});
}

TEST(PermissionQuery, Ex2TakesOperatorsInAnyLetterCase) {
  expect_all({{"a and b", {"a"}, false}, {"a aNd b", {"a", "b"}, true}, {"a Or b", {"b"}, true}});
}

TEST(PermissionQuery, Ex2TakesWordsThatContainOperatorsAsSlugs) {
  for (const std::string_view slug : {"android", "order", "ANDREW", "band", "a.and", "and/or", "or1", "_and"}) {
    EXPECT_TRUE(is_satisfied(slug, {slug})) << slug;
  }
}

TEST(PermissionQuery, Ex3SkipsBlanksTabsAndLineEnds) {
  expect_all(
      {{" \t\r\n a \n AND\t\rb  ", {"a", "b"}, true}, {"(a)AND(b)", {"a", "b"}, true}, {"(a)or(b)", {"b"}, true}});
}

TEST(PermissionQuery, Ex4TakesEveryCharacterOfASlug) {
  for (const std::string_view slug :
       {"x", "7", "api.read", "a_b", "a-b", "a:b:c", "api.*", "*", "a/b", "A.b_C-9:*/z"}) {
    EXPECT_TRUE(is_satisfied(slug, {slug})) << slug;
  }
}

TEST(PermissionQuery, Ex6TakesTheStarAsALetter) {
  expect_all({{"api.read", {"api.*"}, false},
              {"api.*", {"api.read"}, false},
              {"api.*", {"api.*"}, true},
              {"api.* OR api.edit", {"api.*"}, true}});
}

TEST(PermissionQuery, ComparesSlugsExactly) { expect_all({{"a", {"A"}, false}, {"ab", {"a", "abc"}, false}}); }

TEST(PermissionQuery, Ex5RefusesWhatIsNoExpressionAndSaysWhere) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "a permission is missing (byte 0)"},
      {" \t\n ", "a permission is missing (byte 4)"},
      {"a AND", "a permission is missing (byte 5)"},
      {"a OR  ", "a permission is missing (byte 6)"},
      {"AND a", "a permission is missing (byte 0)"},
      {"a AND OR b", "a permission is missing (byte 6)"},
      {"()", "a permission is missing (byte 1)"},
      {"(a", "this parenthesis is never closed (byte 0)"},
      {"((a)", "this parenthesis is never closed (byte 0)"},
      {"a)", "this parenthesis was never opened (byte 1)"},
      {"a b", "AND or OR is missing (byte 2)"},
      {"a (b)", "AND or OR is missing (byte 2)"},
      {"(a b)", "AND, OR or a closing parenthesis is missing (byte 3)"},
      {"a$b", "this character is not allowed (byte 1)"},
      {"a AND #", "this character is not allowed (byte 6)"},
      {"(a %", "this character is not allowed (byte 3)"},
      {"\xC3\xA4", "this character is not allowed (byte 0)"},
  };
  for (const auto& [expression, want] : cases) EXPECT_EQ(problem(expression), want) << expression;
}

TEST(PermissionQuery, RefusesAnErrorBehindADecidedOr) {
  EXPECT_FALSE(satisfies("a OR @", std::vector<std::string_view>{"a"}));
}

TEST(PermissionQuery, Ex5RefusesEveryOtherPunctuation) {
  for (const char c : std::string_view("@$#%!?&|^~`'\"+=,;<>[]{}\\")) {
    EXPECT_FALSE(satisfies(std::string("a") + c + "b", {})) << c;
  }
}

TEST(PermissionQuery, TakesAThousandBytesAndNoMore) {
  EXPECT_EQ(problem(std::string(1000, 'a')), "well-formed");
  EXPECT_NE(problem(std::string(1001, 'a')), "well-formed");
}

TEST(PermissionQuery, TakesAHundredLevelsAndNoMore) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '(') + "a" + std::string(depth, ')'); };
  EXPECT_EQ(problem(nested(100)), "well-formed");
  EXPECT_EQ(problem(nested(101)), "the parentheses are nested deeper than 100 (byte 100)");
  EXPECT_NE(problem(std::string(1000, '(')), "well-formed");
}

TEST(PermissionQuery, CountsOpenLevelsOnly) {
  std::string expression = "(a)";
  for (int i = 0; i < 150; ++i) expression += "OR(a)";
  EXPECT_EQ(problem(expression), "well-formed");
}

// An expression as a tree, with an evaluation that knows nothing of the text.
struct Tree {
  char slug = 0;  // 0: a branch
  bool is_and = false;
  std::shared_ptr<const Tree> left;
  std::shared_ptr<const Tree> right;

  [[nodiscard]] bool evaluate(const std::string& held) const {
    if (slug != 0) return held.find(slug) != std::string::npos;
    return is_and ? left->evaluate(held) && right->evaluate(held) : left->evaluate(held) || right->evaluate(held);
  }
  // With only the parentheses that the precedence needs.
  [[nodiscard]] std::string text() const {
    if (slug != 0) return std::string(1, slug);
    return operand(*left) + (is_and ? " AND " : " or ") + operand(*right);
  }

 private:
  [[nodiscard]] std::string operand(const Tree& child) const {
    const bool needs_group = is_and && child.slug == 0 && !child.is_and;
    return needs_group ? "(" + child.text() + ")" : child.text();
  }
};

std::shared_ptr<const Tree> random_tree(int depth) {
  auto tree = std::make_shared<Tree>();
  if (depth == 0 || *rc::gen::inRange(0, 4) == 0) {
    tree->slug = *rc::gen::element('p', 'q', 'r', 's');
  } else {
    tree->is_and = *rc::gen::arbitrary<bool>();
    tree->left = random_tree(depth - 1);
    tree->right = random_tree(depth - 1);
  }
  return tree;
}

RC_GTEST_PROP(PermissionQueryProperty, AgreesWithTheTreeItWasWrittenFrom, ()) {
  const auto tree = random_tree(5);
  const std::string held_letters = *rc::gen::element<std::string>("", "p", "q", "pq", "rs", "prs", "qr", "pqrs");
  std::vector<std::string_view> held;
  for (const char& c : held_letters) held.emplace_back(&c, 1);
  const auto result = satisfies(tree->text(), held);
  RC_ASSERT(result.has_value());
  RC_ASSERT(*result == tree->evaluate(held_letters));
}

RC_GTEST_PROP(PermissionQueryProperty, AnswersAnyTokensInAnyOrder, ()) {
  const auto words = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("a", "AND", "or", "(", ")", " ", "$", "\n"));
  std::string expression;
  for (const std::string& word : words) expression += word + " ";
  const auto result = satisfies(expression, {});
  RC_ASSERT(result.has_value() || !result.error().where.empty());
}

}  // namespace
}  // namespace keyfold::api
