#include "gateway/subscriptions/webhook_sender.h"

namespace keyfold::subscriptions {

WebhookSender::WebhookSender(OutgoingOptions options, std::size_t threads_max, Resolver resolve)
    : options_(std::move(options)), threads_max_(threads_max), resolve_(std::move(resolve)) {}

WebhookSender::~WebhookSender() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
  for (const Job& job : jobs_) job.done({.status = 0, .error = "the server is shutting down"});
}

void WebhookSender::send(actors::WebhookRequest request, std::function<void(actors::WebhookAnswer)> done) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back({std::move(request), std::move(done)});
  if (idle_ < jobs_.size() && threads_.size() < threads_max_) {
    threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
  }
  changed_.notify_one();
}

void WebhookSender::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    ++idle_;
    const bool has_job = changed_.wait(lock, stop, [this] { return !jobs_.empty(); });
    --idle_;
    if (!has_job || stop.stop_requested()) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job.done(post_to(job.request, options_, resolve_, stop));
    lock.lock();
  }
}

}  // namespace keyfold::subscriptions
