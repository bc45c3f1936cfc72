// Runs the text cases in cases/*.txt: see cases/README.md for their form. KEYFOLD_UPDATE_CASES=1 writes the answers
// that came into the files, to be read before they are believed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "tests/unit/api/api_fixture.h"

namespace keyfold::api::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

struct Case {
  std::string title;
  std::string request;  // first line, header lines, body: as written
  int status = 0;
  std::string answer;
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<Case> parse_cases(const std::string& text) {
  std::vector<Case> cases;
  std::istringstream in(text);
  enum class Part { kTitle, kRequest, kStatus, kAnswer } part = Part::kTitle;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("# ")) {
      cases.push_back({.title = line.substr(2)});
      part = Part::kRequest;
    } else if (line == "----") {
      part = Part::kStatus;
    } else if (part == Part::kStatus) {
      cases.back().status = std::stoi(line);
      part = Part::kAnswer;
    } else if (!line.empty() && part == Part::kRequest) {
      cases.back().request += line + "\n";
    } else if (!line.empty() && part == Part::kAnswer) {
      cases.back().answer += line;
    }
  }
  return cases;
}

std::string substitute(std::string text, const std::map<std::string, std::string>& names) {
  for (const auto& [name, value] : names) {
    const std::string placeholder = "${" + name + "}";
    for (auto at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder)) {
      text.replace(at, placeholder.size(), value);
    }
  }
  return text;
}

// Compares, and lets "<name>" in what is expected stand for any value, which gets that name. Returns where they differ.
std::string difference(const ordered_json& expected, const ordered_json& actual, const std::string& where,
                       std::map<std::string, std::string>& names) {
  if (expected.is_string() && expected.get<std::string>().starts_with("<")) {
    const auto name = expected.get<std::string>().substr(1, expected.get<std::string>().size() - 2);
    names[name] = actual.is_string() ? actual.get<std::string>() : actual.dump();
    return {};
  }
  if (expected.is_object() && actual.is_object()) {
    for (const auto& [key, value] : expected.items()) {
      if (!actual.contains(key)) return where + "." + key + " is missing";
      if (auto found = difference(value, actual[key], where + "." + key, names); !found.empty()) return found;
    }
    for (const auto& [key, value] : actual.items()) {
      if (!expected.contains(key)) return where + "." + key + " is not expected: " + value.dump();
    }
    return {};
  }
  if (expected.is_array() && actual.is_array() && expected.size() == actual.size()) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto at = where + "[" + std::to_string(i) + "]";
      if (auto found = difference(expected[i], actual[i], at, names); !found.empty()) return found;
    }
    return {};
  }
  return expected == actual ? "" : where + ": expected " + expected.dump() + ", came " + actual.dump();
}

// What changes from run to run, as `<ignore>`.
ordered_json without_volatile(ordered_json answer) {
  if (answer.contains("meta")) answer["meta"]["requestId"] = "<ignore>";
  return answer;
}

class CasesTest : public ::testing::TestWithParam<fs::path> {
 protected:
  CasesTest() {
    names_["ROOT"] = server_.make_root_key("ws_main", {"administrator"});
    names_["OTHER"] = server_.make_root_key("ws_other", {"administrator"});
    names_["OPERATOR"] = server_.make_root_key(
        "ws_main", {"administrator", "workspace.*.create_workspace", "workspace.*.manage_root_keys",
                    "workspace.*.read_workspace", "workspace.*.update_workspace"});
    names_["NONE"] = server_.make_root_key("ws_main", {"nothing.*.at_all"});
    names_["CREATE_KEY"] = server_.make_root_key("ws_main", {"api.*.create_key"});
    names_["READ_KEY"] = server_.make_root_key("ws_main", {"api.*.read_key"});
    names_["VERIFY_KEY"] = server_.make_root_key("ws_main", {"api.*.verify_key"});
  }

  void run(Case& wanted, bool is_update) {
    std::istringstream in(substitute(wanted.request, names_));
    std::string method;
    std::string path;
    in >> method >> path;
    if (method == "ADVANCE") {  // milliseconds
      server_.clock.advance_ms(std::stoll(path));
      return;
    }
    if (method == "RESTART") return server_.restart();
    std::string line;
    std::getline(in, line);
    HeaderList headers;
    std::string body;
    const std::regex header("([A-Za-z-]+): (.*)");
    while (std::getline(in, line)) {
      std::smatch match;
      if (body.empty() && std::regex_match(line, match, header)) {
        headers.emplace_back(match[1], match[2]);
      } else {
        body += line;
      }
    }
    if (method == "POST") headers.emplace_back("Content-Type", "application/json");
    const Reply reply = server_.send(method, path, headers, body);
    const auto answer = ordered_json::parse(reply.body, nullptr, false);
    if (is_update) {
      wanted.status = reply.status;
      wanted.answer = answer.is_discarded() ? "\"<ignore>\"" : without_volatile(answer).dump();
      return;
    }
    EXPECT_EQ(reply.status, wanted.status) << wanted.title << "\n" << reply.body;
    const auto expected = ordered_json::parse(substitute(wanted.answer, names_), nullptr, false);
    ASSERT_FALSE(expected.is_discarded()) << wanted.title << ": what is expected is not JSON";
    EXPECT_EQ(difference(expected, answer, "answer", names_), "") << wanted.title << "\n" << reply.body;
  }

  ApiFixture server_;
  std::map<std::string, std::string> names_;
};

TEST_P(CasesTest, AnswersAsWritten) {
  const bool is_update = std::getenv("KEYFOLD_UPDATE_CASES") != nullptr;
  auto cases = parse_cases(read_file(GetParam()));
  ASSERT_FALSE(cases.empty());
  for (Case& one : cases) run(one, is_update && one.answer.empty());
  if (!is_update) return;
  std::ofstream out(GetParam());
  for (const Case& one : cases) {
    out << "# " << one.title << "\n" << one.request;
    if (one.status != 0) out << "----\n" << one.status << "\n" << one.answer << "\n";
    out << "\n";
  }
}

std::vector<fs::path> case_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(KEYFOLD_CASES_DIR)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

INSTANTIATE_TEST_SUITE_P(Api, CasesTest, ::testing::ValuesIn(case_files()),
                         [](const auto& file) { return file.param.stem().string(); });

}  // namespace
}  // namespace keyfold::api::testing
