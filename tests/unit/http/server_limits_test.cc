#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

#include "tests/unit/http/server_fixture.h"

namespace keyfold::http {
namespace {

TEST_F(ServerTest, RefusesBadFramingAfterEarlierAnswersAndCloses) {
  start();
  auto client = connect();
  client.send(get("/later") + "GET / HTTP/1.1\r\n\r\n" + get("/ignored"));
  held_.take()({.body = "first"});
  EXPECT_EQ(body_of(client.read_answer()), "first");
  const auto refusal = client.read_answer();
  EXPECT_EQ(status_of(refusal), 400);
  EXPECT_NE(refusal.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(body_of(refusal), "error: Host is missing");
  EXPECT_EQ(client.read_all(), "");
  EXPECT_EQ(server_->stats().requests_rejected, 1U);
}

TEST_F(ServerTest, RefusesALargeBodyBeforeItIsSent) {
  start({.body_bytes_max = 100});
  auto client = connect();
  client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n");
  EXPECT_EQ(status_of(client.read_answer()), 413);
}

// The answer must not be lost to a reset while the client still sends.
TEST_F(ServerTest, LetsAClientReadTheRefusalOfABodyThatItGoesOnSending) {
  start({.body_bytes_max = 100});
  auto client = connect();
  client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 100; ++i) client.send("1000\r\n" + std::string(4096, 'x') + "\r\n");
  EXPECT_EQ(status_of(client.read_answer()), 413);
}

TEST_F(ServerTest, RefusesTooManyHeaderBytes) {
  start({.header_bytes_max = 200});
  auto client = connect();
  client.send(get("/", "A: " + std::string(200, 'x') + "\r\n"));
  EXPECT_EQ(status_of(client.read_answer()), 431);
}

TEST_F(ServerTest, Hs2ClosesOnATruncatedRequest) {
  start();
  const auto whole = post("/echo", "abc");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    auto client = connect();
    client.send(std::string_view(whole).substr(0, size));
    client.end();
    EXPECT_EQ(client.read_all(), "") << size;
  }
  EXPECT_EQ(server_->stats().requests, 0U);
}

TEST_F(ServerTest, ClosesConnectionsAboveTheLimit) {
  start({.connections_max = 2});
  auto first = connect();
  auto second = connect();
  for (auto* const client : {&first, &second}) {
    client->send(get("/"));
    EXPECT_EQ(status_of(client->read_answer()), 200);
  }
  EXPECT_EQ(connect().read_all(), "");
  EXPECT_EQ(server_->stats().connections_refused, 1U);
  EXPECT_EQ(server_->stats().connections_open, 2U);
}

TEST_F(ServerTest, ClosesConnectionsOfOneAddressAboveItsLimit) {
  start({.connections_per_address_max = 1});
  auto client = connect();
  client.send(get("/"));
  EXPECT_EQ(status_of(client.read_answer()), 200);
  EXPECT_EQ(connect().read_all(), "");
}

TEST_F(ServerTest, TakesAConnectionAgainWhenOneHasGone) {
  start({.connections_max = 1});
  {
    auto client = connect();
    client.send(get("/", "Connection: close\r\n"));
    EXPECT_NE(client.read_all(), "");
  }
  EXPECT_EQ(ask("/a"), "/a? ");
}

TEST_F(ServerTest, StopsTakingRequestsAboveThePipeliningDepth) {
  start({.pipelined_max = 3});
  auto client = connect();
  std::string requests;
  for (int i = 0; i < 5; ++i) requests += get("/later");
  client.send(requests + get("/last"));
  auto first = held_.take();
  auto second = held_.take();
  auto third = held_.take();
  EXPECT_EQ(ask("/other"), "/other? ");
  EXPECT_EQ(held_.size(), 0U);
  EXPECT_LE(server_->stats().requests, 4U);
  first({.body = "1"});
  held_.take()({.body = "4"});
  second({.body = "2"});
  third({.body = "3"});
  held_.take()({.body = "5"});
  for (const auto* const body : {"1", "2", "3", "4", "5", "/last? "}) EXPECT_EQ(body_of(client.read_answer()), body);
}

TEST_F(ServerTest, Answers408WhenTheHeadersTakeTooLong) {
  start({.header_timeout_ms = 50});
  auto client = connect();
  client.send("GET / HTTP/1.1\r\n");
  const auto answer = client.read_answer();
  EXPECT_EQ(status_of(answer), 408);
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(client.read_all(), "");
  EXPECT_EQ(server_->stats().timeouts, 1U);
}

TEST_F(ServerTest, Answers408WhenTheBodyTakesTooLong) {
  start({.body_timeout_ms = 50});
  auto client = connect();
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nx");
  EXPECT_EQ(status_of(client.read_answer()), 408);
}

TEST_F(ServerTest, Hs3Answers408WhenTheHandlerTakesTooLong) {
  start({.request_deadline_ms = 50});
  auto client = connect();
  client.send(get("/later") + get("/dropped"));
  auto completion = held_.take();
  EXPECT_EQ(status_of(client.read_answer()), 408);
  completion({.body = "too late"});
  EXPECT_EQ(client.read_all(), "");
}

TEST_F(ServerTest, ClosesAConnectionThatNeverSends) {
  start({.header_timeout_ms = 50});
  auto client = connect();
  EXPECT_EQ(client.read_all(), "");
  EXPECT_EQ(server_->stats().timeouts, 1U);
}

TEST_F(ServerTest, ClosesAnIdleConnection) {
  start({.idle_timeout_ms = 50});
  auto client = connect();
  client.send(get("/a"));
  EXPECT_EQ(status_of(client.read_answer()), 200);
  EXPECT_EQ(client.read_all(), "");
}

TEST_F(ServerTest, DoesNotTakeAWaitingClientForAnIdleOne) {
  start({.idle_timeout_ms = 50});
  auto client = connect();
  client.send(get("/later"));
  auto completion = held_.take();
  std::this_thread::sleep_for(std::chrono::milliseconds(2200));  // two sweeps
  completion({.body = "late"});
  EXPECT_EQ(body_of(client.read_answer()), "late");
}

TEST_F(ServerTest, ClosesAConnectionThatDoesNotReadItsAnswer) {
  start({.write_timeout_ms = 50});
  auto client = connect();
  client.send(get("/big"));
  for (int i = 0; i < 100 && server_->stats().timeouts == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(server_->stats().timeouts, 1U);
  EXPECT_EQ(server_->stats().connections_open, 0U);
}

TEST_F(ServerTest, AnswersOthersWhile500ConnectionsSendSlowly) {
  allow_open_files(4096);
  start();
  std::vector<Client> slow;
  slow.reserve(500);
  const auto request = post("/slow", "0123456789");
  for (int i = 0; i < 500; ++i) slow.push_back(connect());
  for (std::size_t sent = 0; sent < request.size(); ++sent) {
    for (const auto& client : slow) client.send(request.substr(sent, 1));
    EXPECT_EQ(ask("/a"), "/a? ");
  }
  for (auto& client : slow) EXPECT_EQ(body_of(client.read_answer()), "/slow? 0123456789");
}

TEST_F(ServerTest, AnswersAmong2000IdleConnections) {
  allow_open_files(8192);
  start();
  std::vector<Client> idle;
  idle.reserve(2000);
  for (int i = 0; i < 2000; ++i) {
    idle.push_back(connect());
    idle.back().send(get("/first"));
    ASSERT_EQ(body_of(idle.back().read_answer()), "/first? ") << i;
  }
  EXPECT_EQ(server_->stats().connections_open, 2000U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ask("/a"), "/a? ");
  for (auto& client : idle) {
    client.send(get("/again"));
    EXPECT_EQ(body_of(client.read_answer()), "/again? ");
  }
}

}  // namespace
}  // namespace keyfold::http
