#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "ops/cli/config.h"
#include "ops/cli/settings.h"

namespace keyfold::ops {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::util::MessageDifferencer;

constexpr const char* kExample = KEYFOLD_OPS_DIR "/keyfold.example.toml";

/// The comment's last line and the option's own, as the example must have them.
std::string documented(const FieldDescriptor& field) {
  const v1::Setting& setting = field.options().GetExtension(v1::setting);
  const bool is_number = field.cpp_type() == FieldDescriptor::CPPTYPE_INT64;
  const std::string value = is_number ? setting.default_value() : '"' + setting.default_value() + '"';
  std::string line = "# ";
  if (!setting.unit().empty()) line += setting.unit() + ", ";
  if (is_number) line += std::to_string(setting.min()) + " to " + std::to_string(setting.max()) + ", ";
  for (int i = 0; i < setting.choices_size(); ++i) line += (i == 0 ? "\"" : " or \"") + setting.choices(i) + '"';
  if (setting.choices_size() > 0) line += ", ";
  return line + "default " + value + "\n" + field.name() + " = " + value + "\n";
}

/// The example's text of each section; the first has no name.
std::map<std::string, std::string> example_sections() {
  std::ifstream file(kExample);
  std::map<std::string, std::string> sections;
  std::string name;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('[')) name = line.substr(1, line.find(']') - 1);
    sections[name] += line + "\n";
  }
  return sections;
}

void expect_documented(const Descriptor& message, const std::string& section,
                       const std::map<std::string, std::string>& example) {
  ASSERT_TRUE(example.contains(section)) << "[" << section << "] is not in the example";
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    if (field.is_map()) {
      EXPECT_TRUE(example.contains(section + "." + field.name()))
          << "[" << section << "." << field.name() << "] is not in the example";
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      expect_documented(*field.message_type(), field.name(), example);
    } else {
      EXPECT_NE(example.at(section).find(documented(field)), std::string::npos) << "[" << section << "] lacks:\n"
                                                                                << documented(field);
    }
  }
}

TEST(ExampleConfig, DocumentsEveryOptionWithUnitRangeAndDefault) {
  expect_documented(*v1::Config::descriptor(), "", example_sections());
}

TEST(ExampleConfig, ChangesNothing) {
  const auto config = load_config(kExample, process_environment());
  ASSERT_TRUE(config) << config.error().to_string();
  EXPECT_TRUE(MessageDifferencer::Equals(*config, default_config()));
}

TEST(ExampleConfig, EveryDefaultIsInItsRange) {
  // The loader checks what it reads, and the example holds every default; here, that no range is missing.
  const Descriptor& config = *v1::Config::descriptor();
  for (int i = 0; i < config.field_count(); ++i) {
    const Descriptor* section = config.field(i)->message_type();
    for (int j = 0; section != nullptr && j < section->field_count(); ++j) {
      if (section->field(j)->cpp_type() != FieldDescriptor::CPPTYPE_INT64) continue;
      const v1::Setting& setting = section->field(j)->options().GetExtension(v1::setting);
      EXPECT_TRUE(setting.has_min() && setting.has_max()) << section->field(j)->full_name();
    }
  }
}

TEST(Settings, ServerDefaultsAreThoseOfTheListener) {
  const http::ServerOptions own;
  const http::ServerOptions configured = server_options(default_config());
  EXPECT_EQ(configured.address, own.address);
  EXPECT_EQ(configured.port, own.port);
  EXPECT_EQ(configured.threads, own.threads);
  const http::Limits& a = configured.limits;
  const http::Limits& b = own.limits;
  EXPECT_EQ(std::tie(a.body_bytes_max, a.header_bytes_max, a.header_count_max, a.connections_max,
                     a.connections_per_address_max, a.pipelined_max),
            std::tie(b.body_bytes_max, b.header_bytes_max, b.header_count_max, b.connections_max,
                     b.connections_per_address_max, b.pipelined_max));
  EXPECT_EQ(
      std::tie(a.header_timeout_ms, a.body_timeout_ms, a.idle_timeout_ms, a.write_timeout_ms, a.request_deadline_ms),
      std::tie(b.header_timeout_ms, b.body_timeout_ms, b.idle_timeout_ms, b.write_timeout_ms, b.request_deadline_ms));
}

TEST(Settings, RuntimeDefaultsAreThoseOfTheRuntime) {
  const actors::RuntimeOptions own;
  const actors::RuntimeOptions configured = runtime_options(default_config());
  EXPECT_EQ(configured.scheduler_threads, own.scheduler_threads);
  EXPECT_EQ(configured.queue_commands_max, own.queue_commands_max);
}

TEST(Settings, LogDefaultsAreThoseOfTheLog) {
  const events::EmbeddedLogOptions own;
  const events::EmbeddedLogOptions configured = log_options(default_config(), {});
  EXPECT_EQ(configured.partitions, own.partitions);
  EXPECT_EQ(configured.mode, own.mode);
  EXPECT_EQ(configured.verify, own.verify);
  EXPECT_EQ(configured.verify_tail_records, own.verify_tail_records);
  EXPECT_EQ(configured.missing_checkpoint, own.missing_checkpoint);
  EXPECT_EQ(configured.wal_bytes_max, own.wal_bytes_max);
}

TEST(Settings, KafkaDefaultsAreThoseOfTheLogOnKafka) {
  v1::Config config = default_config();
  config.mutable_log()->set_url("kafka://k1");
  (*config.mutable_kafka()->mutable_properties())["security.protocol"] = "ssl";
  const events::KafkaOptions own;
  const auto configured = kafka_options(config);
  ASSERT_TRUE(configured) << configured.error().to_string();
  EXPECT_EQ(configured->brokers, "k1:9092");
  EXPECT_EQ(configured->topic_prefix, own.topic_prefix);
  EXPECT_EQ(configured->replication_factor, own.replication_factor);
  EXPECT_EQ(configured->append_timeout_ms, own.append_timeout_ms);
  EXPECT_EQ(configured->connect_timeout_ms, own.connect_timeout_ms);
  EXPECT_EQ(configured->session_timeout_ms, own.session_timeout_ms);
  EXPECT_EQ(configured->properties.at("security.protocol"), "ssl");
}

TEST(Settings, WriteUsageMoreOftenWhereNodesCountTogether) {
  v1::Config config = default_config();
  EXPECT_EQ(usage_recorder_options(config).batch_interval_ms, 250);
  config.mutable_log()->set_url("kafka://localhost");
  EXPECT_EQ(usage_recorder_options(config).batch_interval_ms, 50);
  config.mutable_usage()->set_batch_interval_ms(10);
  EXPECT_EQ(usage_recorder_options(config).batch_interval_ms, 10);
}

TEST(Settings, RefuseALogUrlThatNamesNoBrokers) {
  v1::Config config = default_config();
  config.mutable_log()->set_url("redis://k1:6379");
  EXPECT_EQ(kafka_options(config).error().code, ErrorCode::kInvalidArgument);
}

TEST(Settings, PathsLieBelowTheDataDirectoryUnlessTheyAreSet) {
  v1::Config config = default_config();
  config.set_data_directory("/d");
  EXPECT_EQ(paths_of(config).log, "/d/log");
  EXPECT_EQ(paths_of(config).projections, "/d/projections");
  EXPECT_EQ(paths_of(config).master_key, "/d/master.key");
  EXPECT_EQ(paths_of(config).runtime_file, "/d/runtime.json");
  config.mutable_log()->set_directory("/fast/log");
  EXPECT_EQ(paths_of(config).log, "/fast/log");
}

TEST(Settings, RefuseTwoMasterKeys) {
  v1::Config config = default_config();
  config.mutable_vault()->set_master_key("AAAA");
  config.mutable_vault()->set_master_key_file("/somewhere");
  EXPECT_EQ(make_or_read_master_keys(config).error().what, "vault.master_key and vault.master_key_file are both set");
}

TEST(Settings, PutIpV6AddressesInBrackets) {
  EXPECT_EQ(to_url("127.0.0.1", 80), "http://127.0.0.1:80");
  EXPECT_EQ(to_url("::1", 80), "http://[::1]:80");
}

}  // namespace
}  // namespace keyfold::ops
