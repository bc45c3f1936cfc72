#include "gateway/subscriptions/outgoing_client.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <atomic>
#include <future>
#include <thread>

#include "gateway/subscriptions/webhook_sender.h"

namespace keyfold::subscriptions {
namespace {

/// A real receiver on a free port of loopback, and names that all lead there.
class OutgoingClientTest : public ::testing::Test {
 protected:
  OutgoingClientTest() {
    server.Post("/ok", [this](const httplib::Request& request, httplib::Response& response) {
      last = request;
      response.set_content(std::string(10'000, 'x'), "text/plain");
    });
    server.Post("/empty", [](const httplib::Request&, httplib::Response& response) { response.status = 204; });
    server.Post("/busy", [](const httplib::Request&, httplib::Response& response) {
      response.status = 503;
      response.set_header("Retry-After", "7");
      response.set_content("busy", "text/plain");
    });
    server.Post("/drip", [this](const httplib::Request&, httplib::Response& response) {
      response.set_chunked_content_provider("text/plain", [this](std::size_t, httplib::DataSink& sink) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return !is_over && sink.write("x", 1);
      });
    });
    server.Post("/hang", [this](const httplib::Request&, httplib::Response&) {
      while (!is_over) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    });
    const auto redirect = [this](const char* path, int status, std::string to) {
      server.Post(path, [status, to](const httplib::Request&, httplib::Response& response) {
        response.status = status;
        response.set_header("Location", to);
      });
    };
    redirect("/moved", 308, "/ok");
    redirect("/found", 302, "/ok");
    redirect("/loop", 307, "/loop");
    port = server.bind_to_any_port("127.0.0.1");
    redirect("/elsewhere", 307, "http://elsewhere.example:" + std::to_string(port) + "/ok");
    thread = std::thread([this] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();
    options.policy.schemes = OutgoingPolicy::Schemes::kHttpToo;
    options.policy.guard = AddressGuard(AddressGuard::PrivateAddresses::kRefused, {*parse_ip_network("127.0.0.1/32")});
  }
  ~OutgoingClientTest() override {
    is_over = true;
    server.stop();
    thread.join();
  }

  actors::WebhookAnswer post(const std::string& path) {
    const actors::WebhookRequest request{.url = "http://receiver.example:" + std::to_string(port) + path,
                                         .headers = {{"X-Mine", "yes"}},
                                         .body = R"({"a":1})"};
    const Resolver resolve = [this](const std::string& host) -> Result<std::vector<IpAddress>> {
      asked.push_back(host);
      std::vector<IpAddress> found;
      for (const std::string& address : addresses) found.push_back(*parse_ip_address(address));
      return found;
    };
    return post_to(request, options, resolve);
  }

  httplib::Server server;
  int port = 0;
  std::thread thread;
  std::atomic<bool> is_over{false};
  httplib::Request last;
  OutgoingOptions options;
  std::vector<std::string> addresses = {"127.0.0.1"};
  std::vector<std::string> asked;
};

TEST_F(OutgoingClientTest, PostsToTheAddressUnderTheHostsName) {
  const auto answer = post("/ok?x=%20y");
  EXPECT_EQ(answer.status, 200) << answer.error;
  EXPECT_EQ(last.body, R"({"a":1})");
  EXPECT_EQ(last.target, "/ok?x=%20y");
  EXPECT_EQ(last.get_header_value("Content-Type"), "application/json");
  EXPECT_EQ(last.get_header_value("X-Mine"), "yes");
  EXPECT_EQ(last.get_header_value("Host"), "receiver.example:" + std::to_string(port));
  EXPECT_EQ(answer.excerpt.size(), 4'096u) << "no more of the answer is read";
}

TEST_F(OutgoingClientTest, TakesAnAnswerWithoutABody) { EXPECT_EQ(post("/empty").status, 204); }

TEST_F(OutgoingClientTest, SendsNothingWhenAnyAddressOfTheNameIsRefused) {
  addresses = {"127.0.0.1", "10.0.0.1"};
  const auto answer = post("/ok");
  EXPECT_EQ(answer.status, 0);
  EXPECT_NE(answer.error.find("10.0.0.1 is a private address"), std::string::npos) << answer.error;
  EXPECT_EQ(last.method, "");
}

TEST_F(OutgoingClientTest, LooksANameUpOnceForAConnection) {
  EXPECT_EQ(post("/ok").status, 200);
  EXPECT_EQ(asked, std::vector<std::string>{"receiver.example"});
}

TEST_F(OutgoingClientTest, FollowsNoRedirectUnlessAllowed) {
  EXPECT_EQ(post("/moved").status, 308);
  options.redirects_max = 3;
  EXPECT_EQ(post("/moved").status, 200);
  EXPECT_EQ(last.body, R"({"a":1})") << "method and body stay";
  EXPECT_EQ(post("/found").status, 302) << "which would turn it into a GET";
  EXPECT_EQ(post("/loop").status, 307);
}

TEST_F(OutgoingClientTest, JudgesEveryHopAnew) {
  options.redirects_max = 1;
  EXPECT_EQ(post("/elsewhere").status, 200);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[1], "elsewhere.example");
  options.policy.schemes = OutgoingPolicy::Schemes::kHttpsOnly;
  EXPECT_NE(post("/ok").error.find("https"), std::string::npos);
}

TEST_F(OutgoingClientTest, TellsHowLongABusyReceiverAsksToWait) {
  const auto answer = post("/busy");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.retry_after_ms, 7'000);
  EXPECT_EQ(answer.excerpt, "busy");
}

TEST_F(OutgoingClientTest, EndsWithTheTimeAlsoWhenTheReceiverKeepsSending) {
  options.timeout_ms = 50;
  const auto hung = post("/hang");
  EXPECT_EQ(hung.status, 0);
  EXPECT_EQ(hung.error, "the receiver did not answer in time");
  EXPECT_EQ(post("/drip").status, 200) << "the answer came; the rest of its body is not waited for";
}

TEST_F(OutgoingClientTest, SaysThatThereIsNoConnection) {
  server.stop();
  const auto answer = post("/ok");
  EXPECT_EQ(answer.status, 0);
  EXPECT_NE(answer.error.find("no connection"), std::string::npos) << answer.error;
}

TEST_F(OutgoingClientTest, SenderAnswersEverythingAndBreaksOffAtItsEnd) {
  std::atomic<int> answered{0};
  const std::string url = "http://127.0.0.1:" + std::to_string(port);
  {
    WebhookSender sender(options, 2);
    std::promise<int> status;
    sender.send({.url = url + "/ok", .headers = {}, .body = "{}"},
                [&](const actors::WebhookAnswer& answer) { status.set_value(answer.status); });
    EXPECT_EQ(status.get_future().get(), 200);
    for (int i = 0; i < 5; ++i) {
      sender.send({.url = url + "/hang", .headers = {}, .body = "{}"},
                  [&](const actors::WebhookAnswer& answer) { answered += answer.status == 0 ? 1 : 0; });
    }
  }
  EXPECT_EQ(answered, 5);
}

TEST(ResolveHost, GivesTheAddressesOfAName) {
  const auto addresses = resolve_host("localhost");
  ASSERT_TRUE(addresses) << addresses.error().to_string();
  EXPECT_FALSE(addresses->empty());
  EXPECT_FALSE(resolve_host("nowhere.invalid"));
}

}  // namespace
}  // namespace keyfold::subscriptions
