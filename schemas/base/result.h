#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace keyfold {

/// What a caller can do about an error; the most specific that applies.
enum class ErrorCode {
  kInvalidArgument,     // the caller's input is wrong, whatever the state
  kNotFound,            // the thing does not exist
  kAlreadyExists,       // a uniqueness rule is violated
  kFailedPrecondition,  // the state must change first
  kUnavailable,         // try again later
  kUnknownOutcome,      // it may or may not have happened: ask again with the same Idempotency-Key
  kDataLoss,            // stored bytes are missing or damaged
  kIo,                  // the operating system or storage engine failed
  kInternal,            // a bug of ours
};

/// An error in parts, rendered once for people and once for JSON.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string what;   // what is wrong
  std::string where;  // a path, a position or a field; may be empty
  std::string hint;   // how to fix it; may be empty

  /// One line: `what (where); hint`.
  [[nodiscard]] std::string to_string() const;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string what, std::string where = {}, std::string hint = {}) {
  return tl::unexpected<Error>(Error{code, std::move(what), std::move(where), std::move(hint)});
}

}  // namespace keyfold
