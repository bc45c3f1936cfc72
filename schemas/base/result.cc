#include "schemas/base/result.h"

namespace keyfold {

std::string Error::to_string() const {
  std::string line = what;
  if (!where.empty()) line += " (" + where + ")";
  if (!hint.empty()) line += "; " + hint;
  return line;
}

}  // namespace keyfold
