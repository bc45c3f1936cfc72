#include "gateway/api/permission_query.h"

#include <strings.h>

#include <algorithm>
#include <array>

namespace keyfold::api {
namespace {

constexpr std::size_t kBytesMax = 1000;
constexpr int kDepthMax = 100;

// A table, because an expression is read anew for each verification.
constexpr auto kIsOperandCharacter = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:*/")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();
bool is_operand_character(char c) { return kIsOperandCharacter[static_cast<unsigned char>(c)]; }

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

struct Token {
  enum class Kind { kEnd, kOpen, kClose, kAnd, kOr, kOperand, kInvalid };
  Kind kind = Kind::kEnd;
  std::string_view text;
  std::size_t offset = 0;
};
using Kind = Token::Kind;

// Reads the expression from left to right and evaluates it on the way:
//   or = and {OR and};  and = term {AND term};  term = slug | "(" or ")"
// After a problem was found, everything returns false and moves on to nothing.
class Evaluation {
 public:
  Evaluation(std::string_view text, std::span<const std::string_view> held) : text_(text), held_(held) { advance(); }

  Result<bool> run() {
    const bool is_satisfied = either();
    if (next_.kind == Kind::kClose) stop("this parenthesis was never opened");
    if (next_.kind != Kind::kEnd) stop("AND or OR is missing");
    if (problem_ != nullptr) {
      return fail(ErrorCode::kInvalidArgument, problem_, "byte " + std::to_string(problem_at_));
    }
    return is_satisfied;
  }

 private:
  bool either() {
    bool is_satisfied = both();
    while (take(Kind::kOr)) is_satisfied = both() || is_satisfied;
    return is_satisfied;
  }

  bool both() {
    bool is_satisfied = term();
    while (take(Kind::kAnd)) is_satisfied = term() && is_satisfied;
    return is_satisfied;
  }

  bool term() {
    if (next_.kind == Kind::kOpen) return group();
    const std::string_view slug = next_.text;
    if (take(Kind::kOperand)) return std::binary_search(held_.begin(), held_.end(), slug);
    stop("a permission is missing");
    return false;
  }

  bool group() {
    if (++depth_ > kDepthMax) {
      stop("the parentheses are nested deeper than 100");
      return false;
    }
    const std::size_t opened_at = next_.offset;
    advance();
    const bool is_satisfied = either();
    if (next_.kind == Kind::kEnd) stop("this parenthesis is never closed", opened_at);
    if (!take(Kind::kClose)) stop("AND, OR or a closing parenthesis is missing");
    --depth_;
    return is_satisfied;
  }

  bool take(Kind kind) {
    if (problem_ != nullptr || next_.kind != kind) return false;
    advance();
    return true;
  }

  void advance() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    next_ = {Kind::kEnd, {}, at_};
    if (at_ == text_.size()) return;
    std::size_t end = at_;
    while (end < text_.size() && is_operand_character(text_[end])) ++end;
    if (end == at_) {
      next_.kind = text_[at_] == '(' ? Kind::kOpen : text_[at_] == ')' ? Kind::kClose : Kind::kInvalid;
      ++end;
    } else {
      next_.text = text_.substr(at_, end - at_);
      next_.kind = is_word("and") ? Kind::kAnd : is_word("or") ? Kind::kOr : Kind::kOperand;
    }
    at_ = end;
  }

  bool is_word(std::string_view word) const {
    return next_.text.size() == word.size() && strncasecmp(next_.text.data(), word.data(), word.size()) == 0;
  }

  // The first problem is the one that counts.
  void stop(const char* problem) {
    stop(next_.kind == Kind::kInvalid ? "this character is not allowed" : problem, next_.offset);
  }
  void stop(const char* problem, std::size_t at) {
    if (problem_ != nullptr) return;
    problem_ = problem;
    problem_at_ = at;
  }

  std::string_view text_;
  std::span<const std::string_view> held_;
  std::size_t at_ = 0;
  Token next_;
  int depth_ = 0;
  const char* problem_ = nullptr;  // a literal
  std::size_t problem_at_ = 0;
};

}  // namespace

Result<bool> satisfies(std::string_view expression, std::span<const std::string_view> held) {
  if (expression.size() > kBytesMax) {
    return fail(ErrorCode::kInvalidArgument, "the expression is longer than 1,000 bytes",
                "byte " + std::to_string(kBytesMax));
  }
  return Evaluation(expression, held).run();
}

}  // namespace keyfold::api
