#include <nlohmann/json.hpp>

#include <cstdio>
#include <random>
#include <sstream>

#include "tests/kafka/kafka_fixture.h"

// docs/consume.py, which shows others how to read the log, beside the log itself.
namespace keyfold::events {
namespace {

using testing::append_events;
using testing::make_append;
using testing::make_batch;
using testing::open_partition;
using testing::write_raw;

std::string run(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("can't run " + command);
  std::string output;
  std::array<char, 4096> bytes{};
  for (std::size_t size = 0; (size = std::fread(bytes.data(), 1, bytes.size(), pipe)) > 0;) {
    output.append(bytes.data(), size);
  }
  if (::pclose(pipe) != 0) throw std::runtime_error(command + " failed");
  return output;
}

/// `position type key`, in the order of each partition.
using Lines = std::array<std::vector<std::string>, 2>;

class ConsumerTest : public testing::KafkaTest {
 protected:
  [[nodiscard]] Lines consumed() const {
    const std::string schemas = directory_of("python").string();
    std::filesystem::create_directories(schemas);
    run("cd " KEYFOLD_SOURCE_DIR "/schemas && protoc -I . --python_out=" + schemas + " keyfold/v1/*.proto");
    std::istringstream output(run(KEYFOLD_SOURCE_DIR "/docs/consume.py --until-end --brokers " +
                                  options_.kafka.brokers + " --prefix " + options_.kafka.topic_prefix + " --schemas " +
                                  schemas));
    Lines lines;
    for (std::string line; std::getline(output, line);) {
      const auto event = nlohmann::json::parse(line);
      const std::string position = event.at("position");
      lines.at(position.front() == '0' ? 0 : 1)
          .push_back(position + " " + event.at("type").get<std::string>() + " " +
                     event.at("event").value("key_id", ""));
    }
    return lines;
  }
  [[nodiscard]] static Lines held(const Log& log) {
    Lines lines;
    for (PartitionId partition = 0; partition < 2; ++partition) {
      Event event;
      EXPECT_TRUE(log.read(partition, 0, 1'000'000, [&](Sequence sequence, RecordView record) {
        EXPECT_TRUE(decode(record, event));
        lines.at(partition).push_back(to_string(Position{partition, sequence}) + " " + event.header.type() + " " +
                                      event.payload.key_deleted().key_id());
        return true;
      }));
    }
    return lines;
  }
};

TEST_F(ConsumerTest, SeesWhatTheLogHolds) {
  auto log = open("a");
  ASSERT_TRUE(open_partition(*log, 0, 1));
  ASSERT_TRUE(open_partition(*log, 1, 1));
  ASSERT_TRUE(append_events(*log, 1, 3));
  ChainState state = log->tail(0);
  const Append whole = make_batch(0, state, 3, "whole_");
  ASSERT_TRUE(log->append({&whole, 1}));
  ChainState fenced = state;
  Append torn = make_batch(0, state, 3, "torn_");
  const Record rest = torn.records.back();
  torn.records.pop_back();
  write_raw(events_topic(), torn);
  write_raw(events_topic(), {0, 0, {Record{"no header", "no payload"}}});
  log = open("b");
  ASSERT_TRUE(open_partition(*log, 0, 2));
  write_raw(events_topic(), {0, torn.first + 2, {rest}});
  write_raw(events_topic(), make_append(0, fenced, 1));
  Append damaged = make_append(0, state = log->tail(0), 1);
  damaged.records.front().payload += "x";
  write_raw(events_topic(), damaged);
  ASSERT_TRUE(append_events(*log, 0, 2));
  const Lines expected = held(*log);
  EXPECT_EQ(expected[0].size(), 7u);
  EXPECT_EQ(expected[1].size(), 4u);
  EXPECT_EQ(consumed(), expected);
}

TEST_F(ConsumerTest, SeesWhatTheLogHoldsWhateverWritersLeave) {
  std::mt19937 random(20'250'101);
  const auto one_of = [&random](std::size_t count) { return static_cast<std::uint32_t>(random() % count); };
  (void)open("a");
  BatchChain chain;
  std::vector<ChainState> seen;
  for (int i = 0; i < 300; ++i) {
    // Mostly a writer goes on; now and then from where the chain was before, with another epoch, or torn.
    seen.push_back(chain.whole());
    ChainState state =
        one_of(4) == 0 ? seen[seen.size() - 1 - one_of(std::min<std::size_t>(5, seen.size()))] : seen.back();
    Append append{0, state.next, {}};
    if (one_of(8) == 0) {
      v1::Payload payload;
      payload.mutable_partition_opened()->set_epoch(state.epoch + 1 + one_of(2));
      append.records.push_back(testing::extend(0, state, payload));
    } else {
      append = make_batch(0, state, 1 + one_of(3), "key_" + std::to_string(i) + "_");
      if (one_of(4) == 0) append.records.erase(append.records.begin() + one_of(append.records.size()));
      if (one_of(8) == 0 && !append.records.empty()) append.records.push_back(append.records.front());
    }
    write_raw(events_topic(), append);
    for (const Record& record : append.records) {
      v1::EventHeader header;
      ASSERT_TRUE(header.ParseFromString(record.header));
      (void)chain.accept(header, record.header);
    }
  }
  const Lines expected = held(*open("b"));
  EXPECT_GT(expected[0].size(), 20u);
  EXPECT_EQ(consumed(), expected);
}

}  // namespace
}  // namespace keyfold::events
