#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/unit/http/server_fixture.h"

namespace keyfold::http {
namespace {

constexpr std::string_view kLastChunk = "0\r\n\r\n";

class Watcher final : public StreamObserver {
 public:
  void on_sent() override {
    const std::lock_guard lock(mutex_);
    ++sent_;
    changed_.notify_all();
  }
  void on_closed(StreamEnd end) override {
    const std::lock_guard lock(mutex_);
    EXPECT_FALSE(end_);
    end_ = end;
    changed_.notify_all();
  }
  /// Nothing when it has not been closed within 20 seconds.
  std::optional<StreamEnd> await_end() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [this] { return end_.has_value(); });
    return end_;
  }
  bool await_sent() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [this] { return sent_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<StreamEnd> end_;
  int sent_ = 0;
};

class ServerStreamTest : public ServerTest {
 protected:
  struct Open {
    Client client;
    Stream stream;
    std::shared_ptr<Watcher> watcher;
    std::string head;
  };

  Stream answer(const std::shared_ptr<Watcher>& watcher) {
    return held_.take().stream({.content_type = "text/plain", .body = "not looked at"}, watcher);
  }
  Open open(std::string_view request = "GET /later HTTP/1.1\r\nHost: h\r\n\r\n") {
    auto client = connect();
    client.send(request);
    auto watcher = std::make_shared<Watcher>();
    auto stream = answer(watcher);
    auto head = client.read_head();
    return {std::move(client), std::move(stream), std::move(watcher), std::move(head)};
  }
};

TEST(StreamText, IsFramedAsOneChunk) {
  const StreamText text(std::string(26, 'x'));
  EXPECT_EQ(text.chunk(), "1a\r\n" + std::string(26, 'x') + "\r\n");
  EXPECT_EQ(text.text(), std::string(26, 'x'));
  EXPECT_EQ(StreamText("").chunk(), kLastChunk);
}

TEST(Stream, ThatNeverWasIsClosed) {
  const Stream stream;
  EXPECT_TRUE(stream.closed());
  stream.write(share_text("a"));
  stream.end();
  EXPECT_EQ(stream.unsent(), 0U);
}

TEST_F(ServerStreamTest, HeadComesAtOnceAndTextsAsTheyAreWritten) {
  start();
  auto open = this->open();
  EXPECT_EQ(status_of(open.head), 200);
  EXPECT_NE(open.head.find("Content-Type: text/plain\r\n"), std::string::npos);
  EXPECT_NE(open.head.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(open.head.find("Content-Length"), std::string::npos);
  open.stream.write(share_text("one"));
  EXPECT_EQ(open.client.read_through("one\r\n"), "3\r\none\r\n");
  open.stream.write(share_text(""));  // would be the end
  open.stream.write(share_text("two"));
  open.stream.write(share_text("three"));
  EXPECT_EQ(open.client.read_through("three\r\n"), "3\r\ntwo\r\n5\r\nthree\r\n");
  EXPECT_TRUE(open.watcher->await_sent());
  open.stream.end();
  EXPECT_EQ(open.client.read_all(), kLastChunk);
  EXPECT_EQ(open.watcher->await_end(), StreamEnd::kEnded);
  EXPECT_TRUE(open.stream.closed());
}

TEST_F(ServerStreamTest, Http10GetsTheTextsAloneUntilTheConnectionEnds) {
  start();
  auto open = this->open("GET /later HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(open.head.find("Transfer-Encoding"), std::string::npos);
  EXPECT_NE(open.head.find("Connection: close\r\n"), std::string::npos);
  open.stream.write(share_text("one"));
  open.stream.write(share_text("two"));
  open.stream.end();
  EXPECT_EQ(open.client.read_all(), "onetwo");
}

TEST_F(ServerStreamTest, HeadGetsTheHeadersAndTheConnectionGoesOn) {
  start();
  auto open = this->open("HEAD /later HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(open.head.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(open.watcher->await_end(), StreamEnd::kEnded);
  open.client.send(get("/next"));
  EXPECT_EQ(body_of(open.client.read_answer()), "/next? ");
}

TEST_F(ServerStreamTest, RequestsBehindAStreamAreNotAnswered) {
  start();
  auto open = this->open(get("/later") + get("/next"));
  open.client.send(get("/more"));
  open.stream.write(share_text("one"));
  open.stream.end();
  EXPECT_EQ(open.client.read_all(), "3\r\none\r\n" + std::string(kLastChunk));
}

TEST_F(ServerStreamTest, StreamWaitsForTheAnswersBeforeIt) {
  start();
  auto client = connect();
  client.send(get("/later") + get("/later"));
  auto first = held_.take();
  const auto watcher = std::make_shared<Watcher>();
  const auto stream = answer(watcher);
  stream.write(share_text("one"));
  first({.body = "first"});
  EXPECT_EQ(body_of(client.read_answer()), "first");
  EXPECT_EQ(status_of(client.read_head()), 200);
  EXPECT_EQ(client.read_through("one\r\n"), "3\r\none\r\n");
}

TEST_F(ServerStreamTest, OwnerIsToldWhenTheClientGoes) {
  start();
  auto open = this->open();
  open.client.end();
  EXPECT_EQ(open.watcher->await_end(), StreamEnd::kClientGone);
  EXPECT_TRUE(open.stream.closed());
}

TEST_F(ServerStreamTest, OwnerIsToldWhenTheClientHadGoneBefore) {
  start();
  {
    auto client = connect();
    client.send(get("/later"));
    while (held_.size() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const auto watcher = std::make_shared<Watcher>();
  static_cast<void>(answer(watcher));
  EXPECT_EQ(watcher->await_end(), StreamEnd::kClientGone);
}

TEST_F(ServerStreamTest, UnsentGrowsWhileTheClientReadsNothingAndOthersAreNotDelayed) {
  start({}, 1);
  auto slow = open();
  auto quick = open();
  const auto big = share_text(std::string(1 << 20, 'x'));
  for (std::size_t written = 0; written < kBigBytes; written += 1 << 20) slow.stream.write(big);
  quick.stream.write(share_text("quick"));
  EXPECT_EQ(quick.client.read_through("quick\r\n"), "5\r\nquick\r\n");
  EXPECT_GT(slow.stream.unsent(), 1U << 20);
  slow.stream.end();
  std::string wanted;
  for (std::size_t written = 0; written < kBigBytes; written += 1 << 20) wanted += big->chunk();
  EXPECT_TRUE(slow.client.read_all() == wanted + std::string(kLastChunk));
  EXPECT_EQ(slow.watcher->await_end(), StreamEnd::kEnded);
}

TEST_F(ServerStreamTest, OwnerIsToldWhenTheClientHasTakenEverything) {
  start({}, 1);
  auto open = this->open();
  open.stream.write(share_text(std::string(kBigBytes, 'x')));
  EXPECT_EQ(open.client.read_through("xx\r\n").size(), StreamText(std::string(kBigBytes, 'x')).chunk().size());
  EXPECT_TRUE(open.watcher->await_sent());
  EXPECT_EQ(open.stream.unsent(), 0U);
}

TEST_F(ServerStreamTest, WriteWithoutProgressEndsIt) {
  start({.write_timeout_ms = 100});
  auto open = this->open();
  open.stream.write(share_text(std::string(kBigBytes, 'x')));
  EXPECT_EQ(open.watcher->await_end(), StreamEnd::kStalled);
}

TEST_F(ServerStreamTest, NoOtherTimeOutEndsIt) {
  start({.header_timeout_ms = 100, .body_timeout_ms = 100, .idle_timeout_ms = 100, .request_deadline_ms = 60'000});
  auto open = this->open();
  auto idle = connect();
  idle.send(get("/a"));
  EXPECT_EQ(status_of(idle.read_answer()), 200);
  EXPECT_EQ(idle.read_all(), "");  // a sweep has been
  open.stream.write(share_text("still there"));
  EXPECT_NE(open.client.read_through("still there\r\n"), "");
}

TEST_F(ServerStreamTest, DrainEndsStreamsAtOnce) {
  start();
  auto open = this->open();
  auto stuck = this->open();
  stuck.stream.write(share_text(std::string(kBigBytes, 'x')));
  open.stream.write(share_text("one"));
  EXPECT_NE(open.client.read_through("one\r\n"), "");
  server_->drain(20'000);
  EXPECT_EQ(open.client.read_all(), kLastChunk);
  EXPECT_EQ(open.watcher->await_end(), StreamEnd::kDrained);
  EXPECT_EQ(stuck.watcher->await_end(), StreamEnd::kDrained);
  EXPECT_EQ(server_->stats().connections_open, 0U);
}

TEST_F(ServerStreamTest, OneThatBeginsWhileTheServerDrainsEndsAtOnce) {
  start();
  auto client = connect();
  client.send(get("/later"));
  auto completion = held_.take();
  std::thread drain([this] { server_->drain(20'000); });
  while (Client(server_->port()).send(get("/"))) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const auto watcher = std::make_shared<Watcher>();
  static_cast<void>(completion.stream({}, watcher));
  EXPECT_EQ(status_of(client.read_head()), 200);
  EXPECT_EQ(client.read_all(), kLastChunk);
  EXPECT_EQ(watcher->await_end(), StreamEnd::kDrained);
  drain.join();
}

TEST_F(ServerStreamTest, EndWithTheServer) {
  start();
  auto open = this->open();
  auto client = connect();
  client.send(get("/later"));
  while (held_.size() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  server_.reset();
  EXPECT_EQ(open.watcher->await_end(), StreamEnd::kDrained);
  open.stream.write(share_text("nobody reads it"));
  const auto late = std::make_shared<Watcher>();
  static_cast<void>(answer(late));
  EXPECT_EQ(late->await_end(), StreamEnd::kDrained);
}

TEST_F(ServerStreamTest, BatchReachesTheStreamsOfAllThreads) {
  start();
  std::vector<Open> opened;
  opened.reserve(40);
  for (int i = 0; i < 40; ++i) opened.push_back(open());
  const auto text = share_text("to all");
  StreamBatch batch;
  for (int round = 0; round < 3; ++round) {
    for (const auto& one : opened) batch.write(one.stream, text);
    batch.send();
  }
  for (const auto& one : opened) batch.end(one.stream);
  batch.send();
  for (auto& one : opened) {
    EXPECT_EQ(one.client.read_all(), "6\r\nto all\r\n6\r\nto all\r\n6\r\nto all\r\n" + std::string(kLastChunk));
  }
}

}  // namespace
}  // namespace keyfold::http
