#include "events/public_event.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace keyfold::events {
namespace {

using nlohmann::json;

Event event_of(v1::Payload payload) {
  Event event;
  event.payload = std::move(payload);
  event.header.set_type(std::string(type_name(event.payload)));
  event.header.set_workspace_id("ws_1");
  event.header.set_stream_kind("key");
  event.header.set_stream_id("key_1");
  event.header.set_time_ms(1'795'659'075'123);
  event.header.set_partition(3);
  event.header.set_sequence(41);
  return event;
}

json public_form(const Event& event) {
  std::string text;
  append_public_json(text, event);
  return json::parse(text);
}

Event key_created() {
  v1::Payload payload;
  auto& created = *payload.mutable_key_created();
  created.set_key_id("key_1");
  created.set_hash("a hash");
  created.set_sealed_secret("a ciphertext");
  created.set_meta_json(R"({"plan": "pro"})");
  created.set_expires_at_ms(1'700'000'000'000);
  auto& ratelimit = *created.add_ratelimits();
  ratelimit.set_name("requests");
  ratelimit.set_limit(9'000'000'000);
  return event_of(payload);
}

TEST(PublicEvent, SaysWhatWhenWhereAndWho) {
  Event event = key_created();
  event.header.mutable_principal()->set_type(v1::Principal::ROOT_KEY);
  event.header.mutable_principal()->set_id("rk_1");
  event.header.set_request_id("req_1");
  event.header.set_causation_id("order-7");
  const json form = public_form(event);
  EXPECT_EQ(form["type"], "KeyCreated");
  EXPECT_EQ(form["timestamp"], "2026-11-26T02:11:15.123Z");
  EXPECT_EQ(form["position"], "3:41");
  EXPECT_EQ(form["resource"], json({{"kind", "key"}, {"id", "key_1"}}));
  EXPECT_EQ(form["principal"], json({{"type", "rootKey"}, {"id", "rk_1"}}));
  EXPECT_EQ(form["requestId"], "req_1");
  EXPECT_EQ(form["correlationId"], "order-7");
  EXPECT_FALSE(form.contains("remoteIp")) << "empty texts are left out";
}

TEST(PublicEvent, DataIsInTheFormOfTheApi) {
  const json data = public_form(key_created())["data"];
  EXPECT_EQ(data["meta"], json({{"plan", "pro"}})) << "JSON is JSON, not a text";
  EXPECT_EQ(data["expiresAt"], 1'700'000'000'000);
  EXPECT_EQ(data["enabled"], false) << "a flag is always there";
  EXPECT_EQ(data["ratelimits"][0]["limit"], 9'000'000'000) << "whole numbers are numbers";
  EXPECT_EQ(data["roleIds"], json::array()) << "lists are always there";
  EXPECT_FALSE(data.contains("creditsRemaining"));
  EXPECT_FALSE(data.contains("refill"));
}

TEST(PublicEvent, HashesAndCiphertextStayInside) {
  const json data = public_form(key_created())["data"];
  EXPECT_FALSE(data.contains("hash"));
  EXPECT_FALSE(data.contains("sealedSecret"));
}

TEST(PublicEvent, AnUpdateShowsWhatWasClearedAsNull) {
  v1::Payload payload;
  auto& updated = *payload.mutable_key_updated();
  updated.set_key_id("key_1");
  updated.mutable_name();
  updated.mutable_meta_json()->set_value(R"({"a":1})");
  updated.mutable_expires_at()->set_value_ms(5);
  updated.mutable_refill();
  updated.mutable_ratelimits();
  updated.mutable_role_ids()->add_ids("role_1");
  EXPECT_EQ(public_form(event_of(payload))["data"], json::parse(R"({"keyId": "key_1", "name": null, "meta": {"a": 1},
      "expiresAt": 5, "refill": null, "ratelimits": [], "roleIds": ["role_1"]})"));
}

TEST(PublicEvent, TextThatIsNoJsonStaysAText) {
  Event event = key_created();
  event.payload.mutable_key_created()->set_meta_json("{broken");
  EXPECT_EQ(public_form(event)["data"]["meta"], "{broken");
}

TEST(PublicEvent, KeyfoldsOwnBookkeepingIsNotPublic) {
  v1::Payload payload;
  EXPECT_FALSE(is_public(payload)) << "no event at all";
  payload.mutable_command_recorded();
  EXPECT_FALSE(is_public(payload));
  payload.mutable_partition_opened();
  EXPECT_FALSE(is_public(payload));
  payload.mutable_key_created();
  EXPECT_TRUE(is_public(payload));
  const std::set<std::string> types(public_types().begin(), public_types().end());
  EXPECT_TRUE(types.contains("KeyCreated"));
  EXPECT_FALSE(types.contains("CommandRecorded"));
}

/// A hash or a ciphertext of a future event must be marked, or subscribers would see it.
TEST(PublicEvent, NoPublicEventShowsBytes) {
  const auto* oneof = v1::Payload::descriptor()->FindOneofByName("event");
  for (int i = 0; i < oneof->field_count(); ++i) {
    v1::Payload payload;
    payload.GetReflection()->MutableMessage(&payload, oneof->field(i));
    if (!is_public(payload)) continue;
    const auto& type = *oneof->field(i)->message_type();
    auto& message = *payload.GetReflection()->MutableMessage(&payload, oneof->field(i));
    for (int f = 0; f < type.field_count(); ++f) {
      using google::protobuf::FieldDescriptor;
      EXPECT_NE(type.field(f)->cpp_type(), FieldDescriptor::CPPTYPE_DOUBLE);
      EXPECT_NE(type.field(f)->cpp_type(), FieldDescriptor::CPPTYPE_FLOAT);
      if (type.field(f)->type() != FieldDescriptor::TYPE_BYTES) continue;
      message.GetReflection()->SetString(&message, type.field(f), "bytes");
      EXPECT_FALSE(public_form(event_of(payload))["data"].contains(type.field(f)->json_name()))
          << type.field(f)->full_name();
    }
  }
}

TEST(EventFilter, EveryMemberThatIsSetMustMatch) {
  const Event event = key_created();
  EXPECT_TRUE((EventFilter{.workspace_id = "ws_1"}.matches(event)));
  EXPECT_FALSE((EventFilter{.workspace_id = "ws_2"}.matches(event)));
  EXPECT_FALSE((EventFilter{}.matches(event))) << "no workspace is nobody's workspace";
  EXPECT_TRUE((EventFilter{.workspace_id = "ws_1", .types = {"Api*", "Key*"}}.matches(event)));
  EXPECT_FALSE((EventFilter{.workspace_id = "ws_1", .types = {"Api*", "*Deleted"}}.matches(event)));
  EXPECT_TRUE((EventFilter{.workspace_id = "ws_1", .resource_kind = "key", .resource_id = "key_1"}.matches(event)));
  EXPECT_FALSE((EventFilter{.workspace_id = "ws_1", .resource_kind = "api"}.matches(event)));
  EXPECT_FALSE((EventFilter{.workspace_id = "ws_1", .resource_id = "key_2"}.matches(event)));
}

TEST(EventFilter, InternalEventsNeverMatch) {
  v1::Payload payload;
  payload.mutable_command_recorded();
  EXPECT_FALSE((EventFilter{.workspace_id = "ws_1", .types = {"*"}}.matches(event_of(payload))));
}

TEST(EventFilter, PatternThatMatchesNoTypeIsUnknown) {
  EXPECT_TRUE(is_known_type_pattern("KeyCreated"));
  EXPECT_TRUE(is_known_type_pattern("*Deleted"));
  EXPECT_FALSE(is_known_type_pattern("KeyCreatd"));
  EXPECT_FALSE(is_known_type_pattern("CommandRecorded")) << "internal";
  EXPECT_FALSE(is_known_type_pattern(""));
}

}  // namespace
}  // namespace keyfold::events
