#include "ops/cli/audit_text.h"

#include <gtest/gtest.h>

#include "ops/cli/audit_commands.h"

namespace keyfold::ops {
namespace {

using Json = nlohmann::ordered_json;

Json event() {
  return Json::parse(R"({"id": "1", "type": "KeyUpdated", "timestamp": "2026-11-26T02:11:15.123Z", "position": "3:41",
      "workspaceId": "ws_1", "resource": {"kind": "key", "id": "key_1"},
      "principal": {"type": "rootKey", "id": "rk_1", "name": "ci"}, "requestId": "req_1", "remoteIp": "203.0.113.7",
      "data": {"keyId": "key_1", "name": "a, \"b\""}})");
}

TEST(AuditText, AnEventIsALine) {
  EXPECT_EQ(event_line(event(), Colours::kNone),
            "2026-11-26T02:11:15.123Z  3:41  KeyUpdated  key/key_1  by rk_1 (ci) from 203.0.113.7  req_1\n");
}

TEST(AuditText, WhatIsNotThereIsLeftOut) {
  Json bare = event();
  bare.erase("requestId");
  bare.erase("remoteIp");
  bare["principal"] = {{"type", "system"}};
  EXPECT_EQ(event_line(bare, Colours::kNone), "2026-11-26T02:11:15.123Z  3:41  KeyUpdated  key/key_1  by system\n");
}

TEST(AuditText, NamesOfOthersDoNotSteerTheTerminal) {
  Json hostile = event();
  hostile["principal"]["name"] = "x\x1b[2Jy\n";
  const std::string line = event_line(hostile, Colours::kNone);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(AuditText, ColoursAreForTerminalsAlone) {
  EXPECT_NE(event_line(event(), Colours::kAnsi).find("\x1b[1mKeyUpdated\x1b[0m"), std::string::npos);
}

TEST(AuditText, AChangeShowsOldAndNewValues) {
  const Json change = Json::parse(R"({"change": "updated", "resource": {"kind": "key", "id": "key_1"},
      "members": {"enabled": {"from": true, "to": false}, "name": {"from": null, "to": "x"}}})");
  EXPECT_EQ(change_lines(change, Colours::kNone),
            "updated  key/key_1\n    enabled: true -> false\n    name: null -> \"x\"\n");
}

TEST(AuditText, CsvQuotesWhatNeedsIt) {
  EXPECT_EQ(csv_record(event()),
            "1,KeyUpdated,2026-11-26T02:11:15.123Z,3:41,ws_1,key,key_1,rootKey,rk_1,ci,req_1,,203.0.113.7,,"
            R"("{""keyId"":""key_1"",""name"":""a, \""b\""""}")"
            "\r\n");
}

TEST(ParseResource, TellsTheKindByTheIdsPrefix) {
  EXPECT_EQ(parse_resource("key_1")->kind, "key");
  EXPECT_EQ(parse_resource("rlns_1")->kind, "ratelimit_namespace");
  EXPECT_EQ(parse_resource("wh_1")->kind, "webhook");
  const auto override_name = parse_resource("ratelimit_override/rlns_1/rlor_1");
  EXPECT_EQ(override_name->kind, "ratelimit_override");
  EXPECT_EQ(override_name->id, "rlns_1/rlor_1");
  EXPECT_EQ(parse_resource("what_is_this").error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace keyfold::ops
