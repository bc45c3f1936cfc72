#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <iosfwd>
#include <string>

#include "keyfold/v1/config.pb.h"
#include "ops/cli/client_commands.h"

namespace keyfold::ops {

/// What all commands of the program share: how they are declared, the options that many of them take, and the one that
/// was chosen. Not thread-safe.
class CommandLine {
 public:
  /// `out` outlives it.
  explicit CommandLine(std::ostream& out);

  using Command = std::function<Status()>;
  CLI::App* add(CLI::App& parent, const std::string& name, const std::string& help, Command command);
  /// For a command whose options say what it does: asked once they are parsed.
  void choose(CLI::App* sub, std::function<Command()> choice);
  /// A command that only groups others.
  CLI::App& add_group(const std::string& name, const std::string& help);
  /// A command that asks a server as the holder of a root key: `client()` says which.
  CLI::App* add_client(CLI::App& parent, const std::string& name, const std::string& help, Command command);
  /// --data, --config and so on, for commands that run `with_config`.
  void add_data_options(CLI::App* sub);
  /// --server and --root-key, for commands that `add` made; `require_client` gives them their values.
  void add_client_options(CLI::App* sub);
  /// Takes from the environment what was not given; CLI::RequiredError when it is not there either.
  void require_client();
  void add_json(CLI::App* sub);

  /// Runs a command that needs the configuration.
  [[nodiscard]] Status with_config(const std::function<Status(const v1::Config&)>& command) const;

  [[nodiscard]] CLI::App& app() { return app_; }
  [[nodiscard]] const ClientOptions& client() const { return client_; }
  [[nodiscard]] std::ostream& out() { return out_; }
  /// The chosen command. After parsing.
  [[nodiscard]] Status run() const { return chosen_(); }

 private:
  std::ostream& out_;
  CLI::App app_{"keyfold: API keys, permissions and identities on an event log", "keyfold"};
  Command chosen_;
  std::string data_;
  std::string config_file_;
  std::string log_url_;
  std::string log_level_;
  ClientOptions client_;
};

}  // namespace keyfold::ops
