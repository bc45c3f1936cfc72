#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/unit/http/server_fixture.h"

namespace keyfold::http {
namespace {

constexpr std::int64_t kPatienceMs = 20'000;

// Waits until the server refuses connections: then it drains.
void await_drain(std::uint16_t port) {
  while (Client(port).send(get("/"))) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

TEST_F(ServerTest, DrainClosesIdleConnections) {
  start();
  auto client = connect();
  client.send(get("/a"));
  EXPECT_EQ(status_of(client.read_answer()), 200);
  server_->drain(kPatienceMs);
  EXPECT_EQ(client.read_all(), "");
  EXPECT_EQ(server_->stats().connections_open, 0U);
}

TEST_F(ServerTest, DrainLetsRequestsInFlightFinishAndSaysClose) {
  start();
  auto client = connect();
  client.send(get("/later") + get("/next"));
  auto completion = held_.take();
  std::thread drain([this] { server_->drain(kPatienceMs); });
  await_drain(server_->port());
  completion({.body = "late"});
  EXPECT_EQ(body_of(client.read_answer()), "late");
  const auto last = client.read_answer();
  EXPECT_EQ(body_of(last), "/next? ");
  EXPECT_NE(last.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(client.read_all(), "");
  drain.join();
}

TEST_F(ServerTest, DrainLetsAnIncompleteRequestFinish) {
  start();
  auto client = connect();
  client.send(get("/a") + "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n1");
  EXPECT_EQ(status_of(client.read_answer()), 200);
  std::thread drain([this] { server_->drain(kPatienceMs); });
  await_drain(server_->port());
  client.send("2");
  EXPECT_EQ(body_of(client.read_answer()), "/b? 12");
  EXPECT_EQ(client.read_all(), "");
  drain.join();
}

TEST_F(ServerTest, DrainEndsWhenItsTimeIsUp) {
  start();
  auto client = connect();
  client.send(get("/later"));
  const auto completion = held_.take();
  server_->drain(50);
  EXPECT_EQ(client.read_all(), "");
}

TEST_F(ServerTest, DrainMayBeRepeated) {
  start();
  server_->drain(kPatienceMs);
  server_->drain(kPatienceMs);
}

}  // namespace
}  // namespace keyfold::http
