#include "events/kafka/cloud_event.h"

#include <gtest/gtest.h>

#include <map>

#include "events/stored_record.h"
#include "schemas/base/encoding.h"
#include "tests/unit/events/sample_log.h"

namespace keyfold::events {
namespace {

std::map<std::string, std::string> headers_of(const v1::EventHeader& header, std::string_view bytes) {
  const CloudEventHeaders headers = cloud_event_headers(header, bytes);
  return {headers.begin(), headers.end()};
}

TEST(CloudEvent, CarriesTheAttributesOfBinaryMode) {
  ChainState state;
  state.next = 7;
  v1::EventHeader header = testing::next_header(3, state);
  const Record record = encode(header, testing::key_deleted("key_1"));
  EXPECT_EQ(headers_of(header, record.header),
            (std::map<std::string, std::string>{{"ce_specversion", "1.0"},
                                                {"ce_id", "01010101-0101-0101-0101-010101010101"},
                                                {"ce_source", "/keyfold/3"},
                                                {"ce_type", "keyfold.v1.KeyDeleted"},
                                                {"ce_time", "2023-11-14T22:13:20.000Z"},
                                                {"ce_subject", "key/key_1"},
                                                {"ce_workspaceid", "ws_1"},
                                                {"ce_sequence", "7"},
                                                {"content-type", "application/protobuf"},
                                                {"keyfold-header", record.header}}));
}

TEST(CloudEvent, LeavesOutWhatAnEventDoesNotHave) {
  v1::EventHeader header;
  header.set_time_ms(-1);
  const auto headers = headers_of(header, "bytes");
  EXPECT_FALSE(headers.contains("ce_subject"));
  EXPECT_FALSE(headers.contains("ce_workspaceid"));
  EXPECT_EQ(headers.at("ce_time"), "1969-12-31T23:59:59.999Z");
}

TEST(CloudEvent, IsReadOnlyAsAnEventOfItsPartitionWithItsPayload) {
  ChainState state;
  v1::EventHeader header = testing::next_header(3, state);
  const Record record = encode(header, testing::key_deleted("key_1"));
  v1::EventHeader read;
  EXPECT_TRUE(read_cloud_event(3, {record.header, record.payload}, read));
  EXPECT_EQ(read.stream_id(), "key_1");
  EXPECT_FALSE(read_cloud_event(2, {record.header, record.payload}, read));
  EXPECT_FALSE(read_cloud_event(3, {record.header, record.payload + "x"}, read));
  EXPECT_FALSE(read_cloud_event(3, {record.header + "\xff", record.payload}, read));
  EXPECT_FALSE(read_cloud_event(3, {"", record.payload}, read));
}

TEST(CloudEvent, IsNotReadBeyondTheLogsLimits) {
  ChainState state;
  v1::EventHeader header = testing::next_header(0, state);
  header.set_user_agent(std::string(kHeaderBytesMax, 'x'));
  const Record record = encode(header, testing::key_deleted("key_1"));
  EXPECT_FALSE(read_cloud_event(0, {record.header, record.payload}, header));
}

}  // namespace
}  // namespace keyfold::events
