#include "gateway/http/server.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/unit/http/server_fixture.h"

namespace keyfold::http {
namespace {

TEST_F(ServerTest, AnswersOneRequestAfterAnotherOnAConnection) {
  start();
  auto client = connect();
  for (const std::string body : {"a", "", "ccc"}) {
    client.send(post("/echo", body));
    const auto answer = client.read_answer();
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_EQ(body_of(answer), "/echo? " + body);
    EXPECT_NE(answer.find("\r\nDate: "), std::string::npos);
  }
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  auto client = connect();
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += post("/" + std::to_string(i), std::string(i, 'b'));
  client.send(requests);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(body_of(client.read_answer()), "/" + std::to_string(i) + "? " + std::string(i, 'b'));
  }
}

TEST_F(ServerTest, AnswersInOrderAroundLateAnswersFromOtherThreads) {
  start();
  auto client = connect();
  client.send(get("/1") + get("/later") + get("/3") + get("/later") + get("/5"));
  auto second = held_.take();
  auto fourth = held_.take();
  std::thread([&] { fourth({.body = "fourth"}); }).join();
  EXPECT_EQ(body_of(client.read_answer()), "/1? ");
  std::thread([&] { second({.body = "second"}); }).join();
  for (const auto* const body : {"second", "/3? ", "fourth", "/5? "}) EXPECT_EQ(body_of(client.read_answer()), body);
}

TEST_F(ServerTest, AnswersManyConnectionsFromManyThreads) {
  start();
  std::vector<Client> clients;
  clients.reserve(50);
  for (int i = 0; i < 50; ++i) clients.push_back(connect());
  for (const auto& client : clients) client.send(get("/later") + get("/later") + get("/after"));
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < 25; ++i) held_.take()({.body = "late"});
    });
  }
  for (auto& thread : threads) thread.join();
  for (auto& client : clients) {
    EXPECT_EQ(body_of(client.read_answer()), "late");
    EXPECT_EQ(body_of(client.read_answer()), "late");
    EXPECT_EQ(body_of(client.read_answer()), "/after? ");
  }
}

TEST_F(ServerTest, AnswersACompletionThatIsCalledWithinTheHandler) {
  server_.emplace(
      ServerOptions{.port = 0},
      [](const Request&, Exchange& exchange) -> std::optional<Response> {
        exchange.later()({.body = "at once"});
        return std::nullopt;
      },
      [](int status, std::string_view) { return Response{.status = status}; });
  ASSERT_TRUE(server_->start());
  EXPECT_EQ(ask("/"), "at once");
}

TEST_F(ServerTest, Hs6Answers500ForAHandlerThatThrowsAndGoesOn) {
  start();
  auto client = connect();
  client.send(get("/throw") + get("/next"));
  const auto answer = client.read_answer();
  EXPECT_EQ(status_of(answer), 500);
  EXPECT_EQ(answer.find("secret"), std::string::npos);
  EXPECT_EQ(body_of(client.read_answer()), "/next? ");
}

TEST_F(ServerTest, Answers500ForAHandlerThatReturnsNothing) {
  start();
  auto client = connect();
  client.send(get("/nothing"));
  EXPECT_EQ(status_of(client.read_answer()), 500);
}

TEST_F(ServerTest, Answers500ForACompletionThatIsDestroyed) {
  start();
  auto client = connect();
  client.send(get("/later"));
  { const auto completion = held_.take(); }
  EXPECT_EQ(status_of(client.read_answer()), 500);
}

TEST_F(ServerTest, Answers500ForACompletionThatIsAssignedOver) {
  start();
  auto client = connect();
  client.send(get("/later"));
  auto completion = held_.take();
  completion = Completion();
  EXPECT_EQ(status_of(client.read_answer()), 500);
}

TEST_F(ServerTest, TakesTheFirstAnswerOfACompletionOnly) {
  start();
  auto client = connect();
  client.send(get("/later"));
  auto completion = held_.take();
  completion({.body = "first"});
  completion({.body = "second"});
  EXPECT_EQ(body_of(client.read_answer()), "first");
  client.send(get("/next"));
  EXPECT_EQ(body_of(client.read_answer()), "/next? ");
}

TEST_F(ServerTest, DropsTheAnswerToAConnectionThatHasGone) {
  start();
  Completion completion;
  {
    const auto client = connect();
    client.send(get("/later"));
    completion = held_.take();
  }
  completion({.body = "too late"});
  EXPECT_EQ(ask("/next"), "/next? ");
}

TEST_F(ServerTest, DropsTheAnswerToAServerThatHasGone) {
  start();
  const auto client = connect();
  client.send(get("/later") + get("/later"));
  auto first = held_.take();
  const auto second = held_.take();  // destroyed after the server
  server_.reset();
  first({.body = "too late"});
}

TEST_F(ServerTest, AnswersAClientThatHasHalfClosed) {
  start();
  auto client = connect();
  client.send(get("/later") + get("/next"));
  auto completion = held_.take();
  client.end();
  completion({.body = "late"});
  EXPECT_EQ(body_of(client.read_answer()), "late");
  EXPECT_EQ(body_of(client.read_answer()), "/next? ");
  EXPECT_EQ(client.read_all(), "");
}

TEST_F(ServerTest, AnswersHeadWithTheLengthOnly) {
  start();
  auto client = connect();
  client.send("HEAD /12345 HTTP/1.1\r\nHost: h\r\n\r\n" + get("/next"));
  EXPECT_NE(client.read_head().find("Content-Length: 8\r\n"), std::string::npos);
  EXPECT_EQ(body_of(client.read_answer()), "/next? ");
}

TEST_F(ServerTest, ClosesAfterTheAnswerWhenTheClientSaysSo) {
  start();
  auto client = connect();
  client.send(get("/a", "Connection: close\r\n") + get("/ignored"));
  const auto all = client.read_all();
  EXPECT_NE(all.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(all.ends_with("\r\n\r\n/a? ")) << all;
}

TEST_F(ServerTest, ClosesAfterTheAnswerWhenTheHandlerSaysSo) {
  start();
  auto client = connect();
  client.send(get("/close") + get("/ignored"));
  EXPECT_TRUE(client.read_all().ends_with("\r\n\r\n/close? "));
}

TEST_F(ServerTest, ClosesAfterAnAnswerToHttp10) {
  start();
  auto client = connect();
  client.send("GET /a HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(client.read_all().ends_with("\r\n\r\n/a? "));
}

TEST_F(ServerTest, StaysOpenForHttp10ThatAsksForIt) {
  start();
  auto client = connect();
  client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_NE(client.read_answer().find("Connection: keep-alive\r\n"), std::string::npos);
  client.send("GET /b HTTP/1.0\r\n\r\n");
  EXPECT_EQ(body_of(client.read_answer()), "/b? ");
}

TEST_F(ServerTest, SendsContinueBeforeTheBodyAndInItsTurn) {
  start();
  auto client = connect();
  client.send(get("/later") + "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  held_.take()({.body = "first"});
  EXPECT_EQ(body_of(client.read_answer()), "first");
  EXPECT_EQ(client.read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  EXPECT_EQ(body_of(client.read_answer()), "/a? ok");
}

TEST_F(ServerTest, WritesAnAnswerThatTheSocketDoesNotTakeAtOnce) {
  start();
  auto client = connect();
  client.send(get("/big") + get("/next"));
  EXPECT_EQ(body_of(client.read_answer()).size(), kBigBytes);
  EXPECT_EQ(body_of(client.read_answer()), "/next? ");
}

TEST_F(ServerTest, TakesALargeBodyInManyPieces) {
  start();
  auto client = connect();
  const std::string body(5 << 20, 'b');
  client.send(post("/", body));
  EXPECT_EQ(body_of(client.read_answer()), "/? " + body);
}

TEST_F(ServerTest, TellsTheHandlerThePeersAddress) {
  std::string peer;
  server_.emplace(
      ServerOptions{.port = 0},
      [&](const Request& request, Exchange&) { return Response{.body = std::string(request.peer)}; },
      [](int status, std::string_view) { return Response{.status = status}; });
  ASSERT_TRUE(server_->start());
  EXPECT_EQ(ask("/"), "127.0.0.1");
}

TEST_F(ServerTest, CountsWhatItDoes) {
  start();
  auto client = connect();
  client.send(get("/a") + get("/b") + "bad\n");
  EXPECT_EQ(status_of(client.read_answer()), 200);
  EXPECT_EQ(status_of(client.read_answer()), 200);
  EXPECT_EQ(status_of(client.read_answer()), 400);
  EXPECT_EQ(client.read_all(), "");
  const auto stats = server_->stats();
  EXPECT_EQ(stats.connections_accepted, 1U);
  EXPECT_EQ(stats.requests, 2U);
  EXPECT_EQ(stats.requests_rejected, 1U);
  EXPECT_EQ(stats.bytes_read, get("/a").size() + get("/b").size() + 4);
  EXPECT_GT(stats.bytes_written, 0U);
}

TEST(Server, DoesNotStartOnAPortThatIsTaken) {
  const auto handler = [](const Request&, Exchange&) { return Response{}; };
  const auto render = [](int status, std::string_view) { return Response{.status = status}; };
  Server first({.port = 0}, handler, render);
  ASSERT_TRUE(first.start());
  Server second({.port = first.port()}, handler, render);
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().where.find(std::to_string(first.port())), std::string::npos);
}

TEST(Server, DoesNotStartOnWhatIsNoAddress) {
  Server server({.address = "nowhere"}, {}, {});
  const auto started = server.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kInvalidArgument);
}

TEST(Server, MayBeDestroyedWithoutAStart) { const Server server({}, {}, {}); }

}  // namespace
}  // namespace keyfold::http
