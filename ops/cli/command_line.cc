#include "ops/cli/command_line.h"

#include <utility>

#include "ops/cli/config.h"
#include "ops/cli/logging.h"

namespace keyfold::ops {
namespace {

void fall_back(std::string& value, const char* variable, const std::string& option) {
  if (value.empty()) value = process_environment()(variable).value_or("");
  if (value.empty()) throw CLI::RequiredError(option + " (or the environment variable " + variable + ")");
}

}  // namespace

CommandLine::CommandLine(std::ostream& out) : out_(out) {
  app_.require_subcommand(1);
  app_.failure_message(CLI::FailureMessage::simple);
}

CLI::App* CommandLine::add(CLI::App& parent, const std::string& name, const std::string& help, Command command) {
  CLI::App* sub = parent.add_subcommand(name, help);
  choose(sub, [command = std::move(command)] { return command; });
  return sub;
}

void CommandLine::choose(CLI::App* sub, std::function<Command()> choice) {
  sub->callback([this, choice = std::move(choice)] { chosen_ = choice(); });
}

CLI::App& CommandLine::add_group(const std::string& name, const std::string& help) {
  CLI::App* group = app_.add_subcommand(name, help);
  group->require_subcommand(1);
  return *group;
}

CLI::App* CommandLine::add_client(CLI::App& parent, const std::string& name, const std::string& help, Command command) {
  CLI::App* sub = parent.add_subcommand(name, help);
  add_client_options(sub);
  add_json(sub);
  choose(sub, [this, command = std::move(command)] {
    require_client();
    return command;
  });
  return sub;
}

void CommandLine::add_data_options(CLI::App* sub) {
  sub->add_option("--data", data_, "The data directory (default: data)")->type_name("DIR");
  sub->add_option("--config", config_file_, "The configuration, see ops/keyfold.example.toml")->type_name("FILE");
  sub->add_option("--log", log_url_, "Where the log is: kafka://host:9092,host:9092 (default: in the data directory)")
      ->type_name("URL");
  sub->add_option("--log-level", log_level_, "How much to log to standard error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}));
}

void CommandLine::add_client_options(CLI::App* sub) {
  sub->add_option("--server", client_.server, "The server's URL (or KEYFOLD_SERVER)")->type_name("URL");
  sub->add_option("--root-key", client_.root_key, "A root key (or KEYFOLD_ROOT_KEY, which `ps` does not show)");
}

// CLI11 would let the variables win, because it reads them for the commands that were not chosen, too.
void CommandLine::require_client() {
  fall_back(client_.server, "KEYFOLD_SERVER", "--server");
  fall_back(client_.root_key, "KEYFOLD_ROOT_KEY", "--root-key");
}

void CommandLine::add_json(CLI::App* sub) {
  sub->add_flag_callback(
      "--json", [this] { client_.output = Output::kJson; }, "Print it as JSON");
}

Status CommandLine::with_config(const std::function<Status(const v1::Config&)>& command) const {
  auto config =
      config_file_.empty() ? Result<v1::Config>(default_config()) : load_config(config_file_, process_environment());
  if (!config) return tl::unexpected(config.error());
  if (!data_.empty()) config->set_data_directory(data_);
  if (!log_url_.empty()) config->mutable_log()->set_url(log_url_);
  if (!log_level_.empty()) config->mutable_logging()->set_level(log_level_);
  start_logging(config->logging().level());
  return command(*config);
}

}  // namespace keyfold::ops
