#include "ops/cli/first_steps.h"

namespace keyfold::ops {
namespace {

std::string call(std::string_view address, std::string_view root_key, std::string_view operation,
                 std::string_view body) {
  std::string line = "curl -s ";
  line.append(address).append("/v2/").append(operation);
  line.append(" -H 'Authorization: Bearer ").append(root_key).append("'");
  line.append(" -H 'Content-Type: application/json' -d ").append(body);
  return line;
}

/// Keeps the answer's text member `name` in the shell variable and shows the answer.
std::string keep(std::string_view variable, std::string_view name, const std::string& command) {
  const std::string shell(variable);
  return "ANSWER=$(" + command + "); echo \"$ANSWER\"; " + shell + "=$(echo \"$ANSWER\" | sed -E 's/.*\"" +
         std::string(name) + "\": ?\"([^\"]+)\".*/\\1/')";
}

}  // namespace

std::string first_steps(std::string_view address, std::string_view root_key) {
  return keep("API", "apiId", call(address, root_key, "apis.createApi", R"('{"name":"first"}')")) + "\n" +
         keep("KEY", "key",
              call(address, root_key, "keys.createKey", R"('{"apiId":"'"$API"'","prefix":"demo","name":"first"}')")) +
         "\n" + call(address, root_key, "keys.verifyKey", R"('{"key":"'"$KEY"'"}')") + "\n";
}

}  // namespace keyfold::ops
