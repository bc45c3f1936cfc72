#include "tests/kafka/kafka_broker.h"

#include <librdkafka/rdkafka.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <utility>

namespace keyfold::testing {
namespace {

/// The standard output of `ops/kafka COMMAND --dir DIRECTORY`; throws when it fails.
std::string run(const std::string& command, const std::filesystem::path& directory) {
  const std::string line = std::string(KEYFOLD_OPS_KAFKA " ") + command + " --dir '" + directory.string() + "'";
  std::FILE* pipe = ::popen(line.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("can't run " + line);
  std::string output;
  char bytes[256];
  for (std::size_t size = 0; (size = std::fread(bytes, 1, sizeof bytes, pipe)) > 0;) output.append(bytes, size);
  if (::pclose(pipe) != 0) throw std::runtime_error(line + " failed");
  return output;
}

void send_signal(const std::filesystem::path& directory, int broker, int signal) {
  pid_t pid = 0;
  if (std::ifstream(directory / std::to_string(broker) / "pid") >> pid && pid > 0) ::kill(pid, signal);
}

}  // namespace

KafkaBroker::KafkaBroker(std::filesystem::path directory, const KafkaBrokerOptions& options)
    : directory_(std::move(directory)),
      options_(" --port " + std::to_string(options.port) + " --brokers " + std::to_string(options.brokers)) {
  for (const std::string& property : options.properties) options_ += " --property '" + property + "'";
  start();
}

KafkaBroker::~KafkaBroker() {
  try {
    resume();
    run("down", directory_);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
}

void KafkaBroker::start() {
  const std::string output = run("up" + options_, directory_);
  const std::string prefix = "brokers: ";
  const std::size_t found = output.find(prefix);
  if (found == std::string::npos) throw std::runtime_error("ops/kafka names no brokers");
  addresses_ = output.substr(found + prefix.size());
  addresses_.erase(addresses_.find_last_not_of('\n') + 1);
}

void KafkaBroker::stop() const { run("down --keep", directory_); }

void KafkaBroker::kill(int broker) const { send_signal(directory_, broker, SIGKILL); }

void KafkaBroker::pause() const { send_signal(directory_, 1, SIGSTOP); }
void KafkaBroker::resume() const { send_signal(directory_, 1, SIGCONT); }

void delete_records(const std::string& brokers, const std::string& topic, std::int64_t offset) {
  rd_kafka_conf_t* configuration = rd_kafka_conf_new();
  rd_kafka_conf_set(configuration, "bootstrap.servers", brokers.c_str(), nullptr, 0);
  const std::unique_ptr<rd_kafka_t, decltype(&rd_kafka_destroy)> client(
      rd_kafka_new(RD_KAFKA_PRODUCER, configuration, nullptr, 0), rd_kafka_destroy);
  rd_kafka_topic_partition_list_t* partitions = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(partitions, topic.c_str(), 0)->offset = offset;
  rd_kafka_DeleteRecords_t* request = rd_kafka_DeleteRecords_new(partitions);
  rd_kafka_topic_partition_list_destroy(partitions);
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client.get());
  rd_kafka_DeleteRecords(client.get(), &request, 1, nullptr, queue);
  rd_kafka_event_t* answer = rd_kafka_queue_poll(queue, -1);
  const auto code = rd_kafka_event_error(answer);
  rd_kafka_event_destroy(answer);
  rd_kafka_queue_destroy(queue);
  rd_kafka_DeleteRecords_destroy(request);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(code));
}

}  // namespace keyfold::testing
