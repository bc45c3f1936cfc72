#include "events/event.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <nlohmann/json.hpp>

#include "schemas/base/encoding.h"
#include "tests/unit/events/sample_log.h"

namespace keyfold::events {
namespace {

using testing::key_deleted;
using testing::next_header;

Record sample_record() {
  v1::EventHeader header = next_header(1, {7, 2, {}});
  return encode(header, key_deleted("key_1"));
}

Error decode_error(const Record& record) {
  Event event;
  const Status status = decode({record.header, record.payload}, event);
  return status ? Error{ErrorCode::kInternal, "decoded", "", ""} : status.error();
}

TEST(Event, PositionIsWrittenAsPartitionColonSequence) { EXPECT_EQ(to_string(Position{3, 42}), "3:42"); }

TEST(Event, PartitionOfAWorkspaceNeverChanges) {
  // Remainders of 0xee92e8791c136a7c, the first 8 bytes of SHA-256("ws_1"): events are stored by them.
  EXPECT_EQ(partition_of("ws_1", 1), 0u);
  EXPECT_EQ(partition_of("ws_1", 4), 0u);
  EXPECT_EQ(partition_of("ws_1", 1'000'003), 41486u);
  EXPECT_EQ(partition_of("", 16), 4u);  // e3b0c44298fc1c14
}

TEST(Event, WorkspacesSpreadOverAllPartitions) {
  std::array<int, 4> count{};
  for (int i = 0; i < 1000; ++i) ++count.at(partition_of("ws_" + std::to_string(i), 4));
  for (const int n : count) EXPECT_GT(n, 180);
}

TEST(Event, LeafHashIsTheOneOfRfc6962) {
  // SHA-256 of a single zero byte, the leaf hash of the empty record.
  EXPECT_EQ(to_hex(as_view(leaf_hash(""))), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

TEST(Event, EveryEventTypeHasItsMessagesName) {
  EXPECT_EQ(type_name(v1::Payload()), "");
  const auto* oneof = v1::Payload::descriptor()->FindOneofByName("event");
  for (int i = 0; i < oneof->field_count(); ++i) {
    v1::Payload payload;
    payload.GetReflection()->MutableMessage(&payload, oneof->field(i));
    EXPECT_EQ(type_name(payload), oneof->field(i)->message_type()->name());
  }
}

TEST(Event, DecodeGivesBackWhatWasEncoded) {
  const bool holds = rc::check([] {
    const auto text = [] { return *rc::gen::string<std::string>(); };
    const auto ascii = [] { return *rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~')); };
    v1::EventHeader header = next_header(*rc::gen::arbitrary<std::uint32_t>(), {*rc::gen::arbitrary<std::uint64_t>()});
    header.set_event_id(text());
    header.set_time_ms(*rc::gen::arbitrary<std::int64_t>());
    header.mutable_principal()->set_name(ascii());
    header.set_user_agent(ascii());
    header.set_batch_index(*rc::gen::arbitrary<std::uint32_t>());
    v1::Payload payload;
    auto* key = payload.mutable_key_created();
    key->set_key_id(ascii());
    key->set_hash(text());
    if (*rc::gen::arbitrary<bool>()) key->set_credits_remaining(*rc::gen::arbitrary<std::int64_t>());
    for (int n = *rc::gen::inRange(0, 4); n > 0; --n) key->add_role_ids(ascii());

    const Record record = encode(header, payload);
    Event event;
    event.payload = key_deleted("left over from an earlier event");
    RC_ASSERT(decode({record.header, record.payload}, event).has_value());
    RC_ASSERT(event.header.SerializeAsString() == header.SerializeAsString());
    RC_ASSERT(event.payload.SerializeAsString() == payload.SerializeAsString());
  });
  EXPECT_TRUE(holds);
}

TEST(Event, EveryFlippedPayloadBitIsDataLossWithThePosition) {
  const Record whole = sample_record();
  for (std::size_t bit = 0; bit < whole.payload.size() * 8; ++bit) {
    Record damaged = whole;
    damaged.payload[bit / 8] = static_cast<char>(damaged.payload[bit / 8] ^ (1 << (bit % 8)));
    const Error error = decode_error(damaged);
    EXPECT_EQ(error.code, ErrorCode::kDataLoss);
    EXPECT_EQ(error.where, "1:7");
    EXPECT_FALSE(error.hint.empty());
  }
}

TEST(Event, TruncatedHeaderIsDataLoss) {
  const Record whole = sample_record();
  for (std::size_t size = 0; size < whole.header.size(); ++size) {
    EXPECT_EQ(decode_error({whole.header.substr(0, size), whole.payload}).code, ErrorCode::kDataLoss) << size;
  }
}

TEST(Event, NewerSchemaVersionIsRefusedAsNewerNotAsDamage) {
  v1::EventHeader header = next_header(1, {7, 2, {}});
  header.set_schema_version(kSchemaVersion + 1);
  const Error error = decode_error(encode(header, key_deleted("key_1")));
  EXPECT_EQ(error.code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(error.where, "1:7");
  EXPECT_NE(error.what.find("newer keyfold"), std::string::npos);
}

TEST(Event, UnknownEventTypeIsRefusedAsNewerNotAsDamage) {
  v1::EventHeader header = next_header(1, {7, 2, {}});
  v1::Payload future;
  future.GetReflection()->MutableUnknownFields(&future)->AddLengthDelimited(9'999, "something new");
  const Error error = decode_error(encode(header, future));
  EXPECT_EQ(error.code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(error.where, "1:7");
  EXPECT_NE(error.what.find("newer keyfold"), std::string::npos);
}

TEST(Event, HeaderThatNamesAnotherTypeThanItsPayloadIsDataLoss) {
  v1::EventHeader header = next_header(1, {7, 2, {}});
  Record record = encode(header, key_deleted("key_1"));
  header.set_type("KeyCreated");
  record.header = header.SerializeAsString();
  EXPECT_EQ(decode_error(record).code, ErrorCode::kDataLoss);
}

TEST(Event, ClientTextThatIsNotUtf8StaysReadable) {
  v1::EventHeader header = next_header(1, {7, 2, {}});
  header.set_user_agent("curl\xff\xfe 1");
  header.set_causation_id("\xc3\xa9t\xc3\xa9");
  header.set_request_id("\x80");
  header.set_remote_ip("\xed\xa0\x80");
  const Record record = encode(header, key_deleted("key_1"));
  Event event;
  ASSERT_TRUE(decode({record.header, record.payload}, event));
  EXPECT_EQ(event.header.user_agent(), "curl?? 1");
  EXPECT_EQ(event.header.causation_id(), "\xc3\xa9t\xc3\xa9");
  EXPECT_EQ(event.header.request_id(), "?");
  EXPECT_EQ(event.header.remote_ip(), "???");
}

TEST(EventJson, IsOneExactLine) {
  Event event;
  ChainState state{18'446'744'073'709'551'615u, 9'007'199'254'740'993u, {}};
  state.last_hash.fill(0xab);
  event.header = next_header(3, state);
  event.header.set_event_id(*from_hex("0190163d8694739bb4edf25c7dc1ae2d"));
  event.header.set_batch_index(1);
  event.header.set_batch_size(2);
  event.header.mutable_principal()->set_type(v1::Principal::ROOT_KEY);
  event.header.mutable_principal()->set_id("rk_1");
  event.header.mutable_principal()->set_name("say \"hi\"\n");
  event.header.set_request_id("req_1");
  event.header.set_causation_id("client-7");
  event.header.set_remote_ip("127.0.0.1");
  event.header.set_user_agent("curl/8");
  auto* key = event.payload.mutable_key_created();
  key->set_key_id("key_1");
  key->set_hash(std::string(32, '\x02'));
  key->set_byte_length(16);
  key->set_meta_json("{\"plan\":\"pro\"}");
  key->set_enabled(true);
  key->set_credits_remaining(0);
  key->mutable_refill()->set_interval(v1::Refill::DAILY);
  key->mutable_refill()->set_amount(10);
  key->add_role_ids("role_1");
  (void)encode(event.header, event.payload);
  EXPECT_EQ(
      to_json(event),
      R"({"eventId":"0190163d-8694-739b-b4ed-f25c7dc1ae2d","type":"KeyCreated","schemaVersion":1,)"
      R"("workspaceId":"ws_1","streamKind":"key","streamId":"key_1","partition":3,"sequence":18446744073709551615,)"
      R"("epoch":9007199254740993,)"
      R"("previousHash":"abababababababababababababababababababababababababababababababab",)"
      R"("batchIndex":1,"batchSize":2,"timeMs":1700000000000,)"
      R"("principal":{"type":"ROOT_KEY","id":"rk_1","name":"say \"hi\"\n"},)"
      R"("requestId":"req_1","causationId":"client-7","remoteIp":"127.0.0.1","userAgent":"curl/8",)"
      R"("payloadHash":")" +
          to_hex(as_view(sha256(event.payload.SerializeAsString()))) +
          R"(","payload":{"keyId":"key_1","hash":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=","byteLength":16,)"
          R"("metaJson":"{\"plan\":\"pro\"}","enabled":true,"creditsRemaining":"0",)"
          R"("refill":{"interval":"DAILY","amount":"10"},"roleIds":["role_1"]}})");
}

TEST(EventJson, IsJsonEvenForAnEventWhoseTextIsNotUtf8) {
  for (const char* text : {"\xff", "\xff\"", "\xc3\xf2\xa9 \"1\"", "\xed\xa0\x80", "\xf0\x9f"}) {
    Event event;
    event.header.set_user_agent(text);
    event.payload.mutable_key_deleted()->set_key_id(text);
    EXPECT_TRUE(nlohmann::json::accept(to_json(event))) << to_json(event);
  }
}

TEST(EventJson, LeavesEmptyTextsOut) {
  Event event;
  event.payload.mutable_key_deleted();
  EXPECT_EQ(to_json(event),
            R"({"schemaVersion":0,"partition":0,"sequence":0,"epoch":0,"batchIndex":0,"batchSize":0,"timeMs":0,)"
            R"("payload":{}})");
}

}  // namespace
}  // namespace keyfold::events
