#include "ops/cli/vault_commands.h"

#include <chrono>
#include <ostream>
#include <thread>

#include "ops/cli/operator_client.h"
#include "ops/cli/runtime_file.h"

namespace keyfold::ops {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds kPollInterval{100};
constexpr int kPollsWithoutProgressMax = 300;

Result<OperatorClient> find_client(const v1::Config& config) {
  const auto server = find_server(paths_of(config));
  if (!server) return tl::unexpected(server.error());
  if (*server) return OperatorClient((*server)->operator_address);
  return fail(ErrorCode::kFailedPrecondition, "no server runs on this data directory", paths_of(config).data,
              "start it: keys are rotated while it serves");
}

std::uint64_t number(const Json& answer, const char* member) { return answer.value(member, std::uint64_t{0}); }

void print_left(std::uint64_t data_keys, std::uint64_t secrets, std::ostream& out) {
  out << "superseded data keys: " << data_keys << ", secrets under them: " << secrets << std::endl;
}

/// Until nothing is left, or nothing changes for half a minute.
Status wait_for_reseals(const OperatorClient& client, std::ostream& out) {
  std::pair<std::uint64_t, std::uint64_t> last;
  for (int polls = 0; polls < kPollsWithoutProgressMax; ++polls) {
    const auto status = client.vault_status();
    if (!status) return tl::unexpected(status.error());
    const std::pair left{number(*status, "superseded"), number(*status, "secretsToReseal")};
    if (left != last) {
      print_left(left.first, left.second, out);
      polls = 0;
    }
    last = left;
    if (left.first == 0) return {};
    std::this_thread::sleep_for(kPollInterval);
  }
  return fail(ErrorCode::kFailedPrecondition,
              std::to_string(last.first) + " superseded data keys are still needed, by " + std::to_string(last.second) +
                  " secrets",
              {}, "the server's log says why; it tries again by itself: see `keyfold vault status`");
}

}  // namespace

Status vault_status(const v1::Config& config, std::ostream& out) {
  const auto client = find_client(config);
  if (!client) return tl::unexpected(client.error());
  const auto status = client->vault_status();
  if (!status) return tl::unexpected(status.error());
  out << "master key: " << status->value("masterKey", "") << '\n';
  for (const Json& id : status->value("previousMasterKeys", Json::array())) {
    out << "previous master key: " << id.get<std::string>() << '\n';
  }
  out << "data keys: " << number(*status, "dataKeys")
      << ", wrapped by previous master keys: " << number(*status, "underPreviousMasterKeys") << '\n';
  print_left(number(*status, "superseded"), number(*status, "secretsToReseal"), out);
  return {};
}

Status rotate_master(const v1::Config& config, std::ostream& out) {
  const auto client = find_client(config);
  if (!client) return tl::unexpected(client.error());
  while (true) {
    const auto step = client->rewrap();
    if (!step) return tl::unexpected(step.error());
    out << "data keys wrapped: " << number(*step, "done") << ", left: " << number(*step, "left") << std::endl;
    if (number(*step, "left") == 0) break;
  }
  out << "Nothing needs a previous master key any more: take it out of the configuration." << std::endl;
  return {};
}

Status rotate_data(const v1::Config& config, const std::string& ring, std::ostream& out) {
  const auto client = find_client(config);
  if (!client) return tl::unexpected(client.error());
  std::int64_t before_ms = 0;
  while (true) {
    const auto step = client->rotate(ring, before_ms);
    if (!step) return tl::unexpected(step.error());
    before_ms = step->value("before", std::int64_t{0});
    out << "rings with a new data key: " << number(*step, "done") << ", left: " << number(*step, "left") << std::endl;
    if (number(*step, "left") == 0) break;
  }
  return wait_for_reseals(*client, out);
}

}  // namespace keyfold::ops
