#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <chrono>
#include <thread>
#include <vector>

#include "tests/unit/api/api_fixture.h"
#include "tests/unit/http/client.h"

namespace keyfold::api::testing {
namespace {

using nlohmann::json;

/// One subscriber. Asks by HTTP/1.0, so that what arrives is the stream as it is.
class EventStream {
 public:
  EventStream(std::uint16_t port, const std::string& root_key, const std::string& query = "",
              const std::string& headers = "")
      : client_(port) {
    client_.send("GET /v2/events.subscribe" + (query.empty() ? "" : "?" + query) +
                 " HTTP/1.0\r\nAuthorization: Bearer " + root_key + "\r\n" + headers + "\r\n");
    head_ = client_.read_head();
    if (status() == 200) preamble_ = client_.read_through("\n\n");
  }

  [[nodiscard]] int status() const { return http::status_of(head_); }
  [[nodiscard]] const std::string& head() const { return head_; }
  [[nodiscard]] const std::string& preamble() const { return preamble_; }
  /// The next event or comment, without the empty line; empty at the end.
  std::string next() {
    const std::string text = client_.read_through("\n\n");
    return text.substr(0, text.size() - std::min<std::size_t>(text.size(), 2));
  }
  /// The `data` of the next event, with its `id` and `event` added; null at the end. Comments are skipped.
  json event() {
    for (std::string text = next(); !text.empty(); text = next()) {
      if (text.starts_with(":")) continue;
      const auto line = [&](const std::string& name) {
        const auto begin = text.find(name + ": ") + name.size() + 2;
        return text.substr(begin, text.find('\n', begin) - begin);
      };
      json data = json::parse(line("data"));
      EXPECT_EQ(data["type"], line("event"));
      EXPECT_EQ(data["position"], line("id"));
      return data;
    }
    return nullptr;
  }
  /// What is left, up to the end.
  std::string rest() { return client_.read_all(); }

 private:
  http::Client client_;
  std::string head_;
  std::string preamble_;
};

class EventsSubscribe : public ::testing::Test {
 protected:
  EventsSubscribe() { restart({}); }

  void restart(subscriptions::HubOptions options) {
    options.feed.check_interval_ms = 20;
    server_.hub_options = options;
    server_.restart();
    root_key_ = server_.make_root_key("ws_1", {"administrator"});
  }
  /// Makes an API and returns its id.
  std::string make_api(const std::string& name, const std::string& root_key) {
    return server_.post("/v2/apis.createApi", {{"name", name}}, root_key)["data"]["apiId"];
  }
  std::string make_api(const std::string& name) { return make_api(name, root_key_); }
  EventStream listen(const std::string& query = "", const std::string& headers = "") {
    return {server_.port(), root_key_, query, headers};
  }
  Reply ask(const std::string& query, const std::string& root_key, const HeaderList& headers = {}) {
    HeaderList all{{"Authorization", "Bearer " + root_key}};
    all.insert(all.end(), headers.begin(), headers.end());
    return server_.send("GET", "/v2/events.subscribe?" + query, all, "");
  }
  std::string detail(const std::string& query, const HeaderList& headers = {}) {
    const Reply reply = ask(query, root_key_, headers);
    EXPECT_EQ(reply.status, 400) << reply.body;
    return json::parse(reply.body)["error"]["detail"];
  }
  void await_subscribers(std::uint64_t count) {
    for (int i = 0; i < 20'000 && server_.subscriptions->stats().subscribers != count; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(server_.subscriptions->stats().subscribers, count);
  }

  ApiFixture server_;
  std::string root_key_;
};

TEST_F(EventsSubscribe, StreamsWhatHappensFromNowOn) {
  make_api("before");
  auto stream = listen();
  EXPECT_NE(stream.head().find("Content-Type: text/event-stream\r\n"), std::string::npos);
  EXPECT_NE(stream.head().find("Cache-Control: no-store\r\n"), std::string::npos);
  EXPECT_NE(stream.head().find("X-Accel-Buffering: no\r\n"), std::string::npos);
  EXPECT_EQ(stream.preamble(), ": keyfold\nretry: 2000\n\n");
  const std::string api_id = make_api("after");
  json event = stream.event();
  while (!event.is_null() && event["type"] != "ApiCreated") event = stream.event();
  EXPECT_EQ(event["data"]["name"], "after");
  auto again = listen("types=ApiCreated&from=beginning");
  EXPECT_EQ(again.event()["data"]["name"], "before");
  EXPECT_EQ(again.event()["resource"]["id"], api_id);
}

TEST_F(EventsSubscribe, GivesWhatWasAskedFor) {
  const std::string first = make_api("first");
  const std::string second = make_api("second");
  auto one = listen("from=beginning&resourceKind=api&resourceId=" + second);
  EXPECT_EQ(one.event()["data"]["name"], "second");
  auto deleted = listen("from=beginning&types=ApiDel*,KeyCreated");
  EXPECT_TRUE(server_.post("/v2/apis.deleteApi", {{"apiId", first}}, root_key_).contains("data"));
  EXPECT_EQ(deleted.event()["resource"]["id"], first);
}

TEST_F(EventsSubscribe, GoesOnAfterTheLastEventIdWhichWinsOverFrom) {
  make_api("first");
  make_api("second");
  make_api("third");
  auto all = listen("types=ApiCreated&from=beginning");
  const std::string first = all.event()["position"];
  const std::string second = all.event()["position"];
  EXPECT_EQ(listen("types=ApiCreated&from=" + second).event()["data"]["name"], "second");
  EXPECT_EQ(listen("types=ApiCreated&from=beginning", "Last-Event-ID: " + first + "\r\n").event()["data"]["name"],
            "second");
  EXPECT_EQ(listen("types=ApiCreated&lastEventId=" + second).event()["data"]["name"], "third");
}

TEST_F(EventsSubscribe, BeginsAtATime) {
  make_api("early");
  server_.clock.advance_ms(60'000);
  const std::string time = std::to_string(server_.clock.now_ms());
  make_api("late");
  EXPECT_EQ(listen("types=ApiCreated&from=" + time).event()["data"]["name"], "late");
  EXPECT_EQ(listen("types=ApiCreated&from=2020-01-01T00:00:00%2B02:00").event()["data"]["name"], "early");
}

TEST_F(EventsSubscribe, ShowsNoOtherWorkspace) {
  const std::string other = server_.make_root_key("ws_2", {"administrator"});
  auto stream = listen("types=ApiCreated");
  for (int i = 0; i < 10; ++i) make_api("theirs", other);
  make_api("ours");
  EXPECT_EQ(stream.event()["data"]["name"], "ours");
}

TEST_F(EventsSubscribe, ExplainsWhatIsWrong) {
  EXPECT_NE(detail("types=KeyCraeted").find("Did you mean `KeyCreated`?"), std::string::npos);
  EXPECT_NE(detail("types=PartitionOpened").find("no type of public events"), std::string::npos);
  EXPECT_NE(detail("type=KeyCreated").find("Did you mean `types`?"), std::string::npos);
  EXPECT_NE(detail("from=soon").find("neither"), std::string::npos);
  EXPECT_NE(detail("from=now&from=now").find("twice"), std::string::npos);
  EXPECT_NE(detail("from=%zz").find("escapes"), std::string::npos);
  const auto partition = events::partition_of("ws_1", server_.projections->partitions());
  const std::string wrong = std::to_string((partition + 1) % server_.projections->partitions()) + ":0";
  EXPECT_NE(detail("from=" + wrong).find("partition " + std::to_string(partition)), std::string::npos);
  EXPECT_NE(detail("", {{"Last-Event-ID", wrong}}).find("partition"), std::string::npos);
  EXPECT_NE(detail("", {{"Last-Event-ID", "x"}}).find("no position"), std::string::npos);
}

TEST_F(EventsSubscribe, RefusesAPositionBeyondTheEndAfterAWhile) {
  restart({.position_wait_ms = 50});
  const auto partition = events::partition_of("ws_1", server_.projections->partitions());
  const events::Position end{partition, server_.projections->next(partition)};
  const events::Position beyond{partition, end.sequence + 1};
  EXPECT_NE(detail("from=" + to_string(beyond)).find(to_string(end)), std::string::npos);
  auto stream = listen("types=ApiCreated&from=" + to_string(end));
  make_api("next");
  EXPECT_EQ(stream.event()["data"]["name"], "next");
}

TEST_F(EventsSubscribe, WaitsForAPositionThatAnotherNodeHasSeenFirst) {
  restart({.position_wait_ms = 20'000});
  const auto partition = events::partition_of("ws_1", server_.projections->partitions());
  const events::Position soon{partition, server_.projections->next(partition)};
  std::thread maker([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    make_api("seen there");
    make_api("next");
  });
  auto stream = listen("types=ApiCreated", "Last-Event-ID: " + to_string(soon) + "\r\n");
  EXPECT_EQ(stream.status(), 200);
  EXPECT_FALSE(stream.event().is_null());
  maker.join();
}

TEST_F(EventsSubscribe, NeedsTheRightAndCredentials) {
  EXPECT_EQ(server_.send("GET", "/v2/events.subscribe", {}, "").status, 400);
  EXPECT_EQ(ask("", "unkey_unknown").status, 401);
  EXPECT_EQ(ask("", server_.make_root_key("ws_1", {"api.*.read_api"})).status, 403);
  EXPECT_EQ(EventStream(server_.port(), server_.make_root_key("ws_1", {"event.*.read_event"})).status(), 200);
  const Reply posted = server_.send("POST", "/v2/events.subscribe", {{"Authorization", "Bearer " + root_key_}}, "{}");
  EXPECT_EQ(posted.status, 405);
  EXPECT_EQ(posted.headers.at("allow"), "GET, HEAD");
}

TEST_F(EventsSubscribe, HeadGetsTheHeadersAlone) {
  const Reply head = server_.send("HEAD", "/v2/events.subscribe", {{"Authorization", "Bearer " + root_key_}}, "");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-type"), "text/event-stream");
  await_subscribers(0);
}

TEST_F(EventsSubscribe, EndsWhenTheRootKeyIsRevoked) {
  const std::string operator_key = server_.make_root_key("ws_1", {"administrator", "rootKey.*.revoke_root_key"});
  const std::string listener = server_.make_root_key("ws_1", {"event.*.read_event"});
  EventStream stream(server_.port(), listener);
  const auto id = server_.projections->root_keys().find(sha256(listener))->root_key_id;
  const auto revoked = server_.post("/v2/rootKeys.revokeRootKey", {{"rootKeyId", id}}, operator_key);
  ASSERT_TRUE(revoked.contains("data")) << revoked;
  make_api("not to be seen");
  EXPECT_EQ(stream.rest(), ": ended: the root key may not listen any more\n\n");
}

TEST_F(EventsSubscribe, EndsWhenTheRootKeyExpires) {
  const json made = server_.post(
      "/v2/rootKeys.createRootKey",
      {{"name", "listener"}, {"permissions", {"event.*.read_event"}}, {"expires", server_.clock.now_ms() + 60'000}},
      root_key_);
  ASSERT_TRUE(made.contains("data")) << made;
  EventStream stream(server_.port(), made["data"]["rootKey"]);
  EXPECT_EQ(stream.status(), 200);
  server_.clock.advance_ms(60'001);
  EXPECT_EQ(stream.rest(), ": ended: the root key may not listen any more\n\n");
}

TEST_F(EventsSubscribe, EndsWhenTheWorkspaceIsDisabled) {
  const std::string operator_key = server_.make_root_key("ws_operator", {"workspace.*.update_workspace"});
  auto stream = listen();
  const json disabled =
      server_.post("/v2/workspaces.updateWorkspace", {{"workspaceId", "ws_1"}, {"enabled", false}}, operator_key);
  ASSERT_TRUE(disabled.contains("data")) << disabled;
  EXPECT_NE(stream.rest().find(": ended: the root key may not listen any more\n\n"), std::string::npos);
}

TEST_F(EventsSubscribe, SaysThatItIsThereWhenNothingHappens) {
  subscriptions::HubOptions options;
  options.feed.heartbeat_ms = 50;
  restart(options);
  auto stream = listen();
  EXPECT_EQ(stream.next(), ": heartbeat");
  EXPECT_EQ(stream.next(), ": heartbeat");
}

TEST_F(EventsSubscribe, CutsOffWhoDoesNotReadAndDelaysNobodyElse) {
  subscriptions::HubOptions options;
  options.feed.buffer_bytes_max = 64 * 1024;
  restart(options);
  auto slow = listen();
  auto quick = listen("types=IdentityCreated");
  // More than the sockets' buffers can hold.
  const std::string meta(1'000'000, 'x');
  std::string last;
  for (int i = 0; i < 40 && server_.subscriptions->stats().ended[1] == 0; ++i) {
    const json made = server_.post("/v2/identities.createIdentity",
                                   {{"externalId", "user_" + std::to_string(i)}, {"meta", {{"x", meta}}}}, root_key_);
    ASSERT_TRUE(made.contains("data")) << made.dump().substr(0, 500);
    EXPECT_EQ(quick.event()["data"]["externalId"], "user_" + std::to_string(i));
    // A cut is counted when its last words have gone; reading is what slow does not do.
    if (i == 39) last = slow.rest();
  }
  EXPECT_NE(last.find(": ended: events were not read fast enough"), std::string::npos);
  EXPECT_EQ(server_.subscriptions->stats().ended[static_cast<std::size_t>(subscriptions::End::kSlow)], 1U);
  // The ids that it got let it go on without a loss.
  const auto id_at = last.rfind("\nid: ");
  const std::string id = last.substr(id_at + 5, last.find('\n', id_at + 5) - id_at - 5);
  const auto name_at = last.rfind("\"user_");
  const int number = std::stoi(last.substr(name_at + 6));
  auto again = listen("types=IdentityCreated&lastEventId=" + id);
  EXPECT_EQ(again.event()["data"]["externalId"], "user_" + std::to_string(number + 1));
}

TEST_F(EventsSubscribe, HasLimits) {
  restart({.subscribers_max = 3, .subscribers_per_workspace_max = 2});
  const std::string other = server_.make_root_key("ws_2", {"administrator"});
  const std::string third = server_.make_root_key("ws_3", {"administrator"});
  auto first = std::make_unique<EventStream>(server_.port(), root_key_);
  auto second = listen();
  const Reply of_workspace = ask("", root_key_);
  EXPECT_EQ(of_workspace.status, 429);
  EXPECT_EQ(of_workspace.headers.at("retry-after"), "10");
  EventStream theirs(server_.port(), other);
  const Reply of_server = ask("", third);
  EXPECT_EQ(of_server.status, 503);
  EXPECT_EQ(of_server.headers.at("retry-after"), "1");
  first.reset();
  await_subscribers(2);
  EXPECT_EQ(listen().status(), 200);
}

TEST_F(EventsSubscribe, StopEndsStreamsAtOnce) {
  auto stream = listen();
  server_.drain();
  EXPECT_EQ(stream.rest(), "");
  EXPECT_EQ(server_.subscriptions->stats().ended[static_cast<std::size_t>(subscriptions::End::kShutdown)], 1U);
}

TEST_F(EventsSubscribe, ManyReadTheSameWhereverTheyBegin) {
  for (int i = 0; i < 50; ++i) make_api("api_" + std::to_string(i));
  std::vector<std::unique_ptr<EventStream>> streams;
  for (int i = 0; i < 20; ++i) {
    streams.push_back(std::make_unique<EventStream>(server_.port(), root_key_, "types=ApiCreated&from=beginning"));
    make_api("api_" + std::to_string(50 + i));
  }
  for (const auto& stream : streams) {
    for (int i = 0; i < 70; ++i) ASSERT_EQ(stream->event()["data"]["name"], "api_" + std::to_string(i));
  }
}

// What one sees who loses its connection again and again while things happen.
TEST_F(EventsSubscribe, NothingIsLostOrRepeatedByCuts) {
  EXPECT_TRUE(rc::check([this] {
    const auto count = static_cast<std::size_t>(*rc::gen::inRange(1, 30));
    auto cuts = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 6));  // after so many events each
    auto stream = std::make_unique<EventStream>(server_.port(), root_key_, "types=ApiCreated");
    std::vector<std::string> wanted;
    for (std::size_t i = 0; i < count; ++i) wanted.push_back("api_" + std::to_string(i));
    std::thread maker([&] {
      for (const std::string& name : wanted) make_api(name);
    });
    std::vector<std::string> seen;
    std::string last_id;
    while (seen.size() < count) {
      const json event = stream->event();
      if (event.is_null()) break;
      seen.push_back(event["data"]["name"]);
      last_id = event["position"];
      if (cuts.empty() || --cuts.back() > 0) continue;
      cuts.pop_back();
      stream = std::make_unique<EventStream>(server_.port(), root_key_, "types=ApiCreated",
                                             "Last-Event-ID: " + last_id + "\r\n");
    }
    maker.join();
    RC_ASSERT(seen == wanted);
  }));
}

}  // namespace
}  // namespace keyfold::api::testing
