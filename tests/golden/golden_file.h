#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

// Files of this folder. With KEYFOLD_UPDATE_GOLDEN set in the environment, what is missing is written.
namespace keyfold::golden {

[[nodiscard]] inline std::filesystem::path directory() { return KEYFOLD_GOLDEN_DIR; }

[[nodiscard]] inline bool updating() { return std::getenv("KEYFOLD_UPDATE_GOLDEN") != nullptr; }

/// The file's lines; none when it does not exist.
[[nodiscard]] inline std::vector<std::string> read_lines(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

inline void write_lines(const std::filesystem::path& path, const std::vector<std::string>& lines) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::trunc);
  for (const std::string& line : lines) file << line << '\n';
}

}  // namespace keyfold::golden
