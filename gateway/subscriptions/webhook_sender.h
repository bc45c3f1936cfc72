#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "actors/workflows/webhook_transport.h"
#include "gateway/subscriptions/outgoing_client.h"

namespace keyfold::subscriptions {

/// Sends webhooks' requests on a bounded number of threads, which are made when they are first needed. Whoever sends
/// keeps to that number; what is more waits.
class WebhookSender final : public actors::WebhookTransport {
 public:
  WebhookSender(OutgoingOptions options, std::size_t threads_max, Resolver resolve = resolve_host);
  /// Breaks off the attempts at hand; those that wait are answered as not sent.
  ~WebhookSender() override;

  void send(actors::WebhookRequest request, std::function<void(actors::WebhookAnswer)> done) override;

 private:
  struct Job {
    actors::WebhookRequest request;
    std::function<void(actors::WebhookAnswer)> done;
  };
  void run(const std::stop_token& stop);

  const OutgoingOptions options_;
  const std::size_t threads_max_;
  const Resolver resolve_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Job> jobs_;
  std::size_t idle_ = 0;
  std::vector<std::jthread> threads_;  // the last member: they use the others
};

}  // namespace keyfold::subscriptions
