#include "actors/workflows/webhook_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "actors/workflows/webhook_retry.h"

namespace keyfold::actors {
namespace {

using Status = v1::WebhookDelivery;
using Sequences = std::vector<events::Sequence>;

v1::WebhookDelivery event(events::Sequence sequence, const std::string& resource) {
  v1::WebhookDelivery delivery;
  delivery.set_sequence(sequence);
  delivery.set_resource_kind("key");
  delivery.set_resource_id(resource);
  delivery.set_event_at_ms(static_cast<std::int64_t>(100 + sequence));
  delivery.set_status(Status::PENDING);
  return delivery;
}

v1::WebhookDelivery after(v1::WebhookDelivery delivery, Status::Status status, std::int64_t next_ms = 0) {
  delivery.set_status(status);
  delivery.set_attempts(delivery.attempts() + 1);
  delivery.set_next_attempt_at_ms(next_ms);
  return delivery;
}

Sequences take(WebhookQueue& queue, std::int64_t now_ms, std::size_t count = 10) {
  Sequences sequences;
  for (const auto& delivery : queue.take_due(now_ms, count)) sequences.push_back(delivery.sequence());
  return sequences;
}

TEST(WebhookQueue, SendsTheFirstUnsettledEventOfEachResource) {
  WebhookQueue queue(0, WebhookQueue::Order::kPerResource);
  for (events::Sequence sequence = 0; sequence < 4; ++sequence) queue.offer(event(sequence, sequence < 3 ? "a" : "b"));
  EXPECT_EQ(take(queue, 0), (Sequences{0, 3}));
  EXPECT_EQ(take(queue, 0), Sequences{}) << "what is under way is not sent twice";
  queue.settle(after(event(0, "a"), Status::PENDING, 50));
  EXPECT_EQ(take(queue, 49), Sequences{});
  EXPECT_EQ(take(queue, 50), Sequences{0});
  queue.settle(after(event(0, "a"), Status::FAILED));
  EXPECT_EQ(take(queue, 50), Sequences{1}) << "a dead letter holds nothing up";
  EXPECT_EQ(queue.oldest_event_ms(), 101);
}

TEST(WebhookQueue, SendsEverythingAtOnceWithoutOrder) {
  WebhookQueue queue(0, WebhookQueue::Order::kNone);
  for (events::Sequence sequence = 0; sequence < 3; ++sequence) queue.offer(event(sequence, "a"));
  EXPECT_EQ(take(queue, 0, 2), (Sequences{0, 1}));
  EXPECT_EQ(take(queue, 0), (Sequences{2}));
}

TEST(WebhookQueue, LetsARedeliveryHoldNothingUp) {
  WebhookQueue queue(5, WebhookQueue::Order::kPerResource);
  auto again = event(1, "a");
  again.set_is_unordered(true);
  queue.restore(again);
  queue.offer(event(5, "a"));
  EXPECT_EQ(take(queue, 0), (Sequences{1, 5}));
}

TEST(WebhookQueue, RecordsUpToWhatIsUnderWay) {
  WebhookQueue queue(10, WebhookQueue::Order::kPerResource);
  queue.offer(event(10, "a"));
  queue.pass();
  queue.offer(event(12, "b"));
  queue.offer(event(13, "a"));
  EXPECT_EQ(take(queue, 0), (Sequences{10, 12}));
  queue.settle(after(event(12, "b"), Status::DELIVERED));
  EXPECT_EQ(queue.news(), 1u);
  auto record = queue.take_record();
  EXPECT_EQ(record.next_sequence(), 10u);
  EXPECT_EQ(record.deliveries_size(), 1);
  // The retry is listed, and so is what waits behind it: the mark passes both.
  queue.settle(after(event(10, "a"), Status::PENDING, 99));
  record = queue.take_record();
  EXPECT_EQ(record.next_sequence(), 14u);
  ASSERT_EQ(record.deliveries_size(), 2);
  EXPECT_EQ(record.deliveries(0).sequence(), 10u);
  EXPECT_EQ(record.deliveries(1).sequence(), 13u);
  EXPECT_EQ(queue.news(), 0u);
  EXPECT_EQ(queue.take_record().deliveries_size(), 0) << "nothing is told twice";
}

TEST(WebhookQueue, GoesByTheRecordWhenADeliveryIsAskedForAgain) {
  WebhookQueue queue(2, WebhookQueue::Order::kPerResource);
  auto pending = event(1, "a");
  pending.set_next_attempt_at_ms(1'000);
  queue.restore(pending);
  EXPECT_EQ(take(queue, 10), Sequences{});
  pending.set_next_attempt_at_ms(5);
  queue.restore(pending);
  EXPECT_EQ(take(queue, 10), Sequences{1});
}

/// What a start would know: the marks and rows that records leave.
struct Recorded {
  events::Sequence next = 0;
  std::map<events::Sequence, v1::WebhookDelivery> rows;
  void add(const v1::WebhookDeliveriesRecorded& record) {
    next = std::max<events::Sequence>(next, record.next_sequence());
    for (const auto& delivery : record.deliveries()) rows[delivery.sequence()] = delivery;
  }
  [[nodiscard]] WebhookQueue begin() const {
    WebhookQueue queue(next, WebhookQueue::Order::kPerResource);
    for (const auto& [sequence, row] : rows) {
      if (row.status() == Status::PENDING) queue.restore(row);
    }
    return queue;
  }
};

TEST(WebhookQueue, SkipsNothingAndKeepsTheOrderThroughCrashes) {
  EXPECT_TRUE(rc::check([] {
    constexpr events::Sequence kEvents = 30;
    const auto resource = [](events::Sequence sequence) {
      return std::string(1, static_cast<char>('a' + sequence % 3));
    };
    const auto is_wanted = [](events::Sequence sequence) { return sequence % 7 != 6; };
    Recorded recorded;
    WebhookQueue queue = recorded.begin();
    std::vector<v1::WebhookDelivery> under_way;
    std::set<events::Sequence> done;  // as the receiver sees it
    std::int64_t now_ms = 0;
    const auto settle = [&](bool has_worked) {
      const std::size_t at = *rc::gen::inRange<std::size_t>(0, under_way.size());
      const auto delivery = under_way[at];
      under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(at));
      if (has_worked) {
        for (events::Sequence before = delivery.sequence() % 3; before < delivery.sequence(); before += 3) {
          RC_ASSERT(!is_wanted(before) || done.contains(before));
        }
        done.insert(delivery.sequence());
      }
      queue.settle(after(delivery, has_worked ? Status::DELIVERED : Status::PENDING, now_ms + 5));
    };
    const int steps = *rc::gen::inRange(1, 200);
    for (int step = 0; step < steps + 400; ++step) {
      ++now_ms;
      // After the random steps, only what brings it to an end.
      const int action = step < steps ? *rc::gen::inRange(0, 8) : (step % 2 == 0 ? 0 : 2) + (step % 4 == 3 ? 1 : 0);
      if (action == 0) {
        const events::Sequence next = queue.next();
        if (next < kEvents && queue.size() < 8) {
          const bool is_settled = recorded.rows.contains(next);
          if (is_wanted(next) && !is_settled) queue.offer(event(next, resource(next)));
          if (!is_wanted(next) || is_settled) queue.pass();
        }
      } else if (action <= 2) {
        for (auto& delivery : queue.take_due(now_ms, 3)) under_way.push_back(std::move(delivery));
      } else if (action <= 4 && !under_way.empty()) {
        settle(true);
      } else if (action == 5 && !under_way.empty()) {
        settle(false);
      } else if (action == 6) {
        recorded.add(queue.take_record());
      } else if (action == 7) {
        queue = recorded.begin();
        under_way.clear();
      }
      if (step >= steps) {
        while (!under_way.empty()) settle(true);
        recorded.add(queue.take_record());
      }
    }
    for (events::Sequence sequence = 0; sequence < kEvents; ++sequence) {
      RC_ASSERT(!is_wanted(sequence) || done.contains(sequence));
    }
    RC_ASSERT(queue.size() == 0u);
    RC_ASSERT(recorded.next == kEvents);
  }));
}

WebhookAttempt attempt(int status, std::optional<std::int64_t> retry_after_ms = std::nullopt) {
  WebhookAttempt attempt{.started_at_ms = 1'000};
  attempt.answer = {.status = status, .error = "no\nanswer", .retry_after_ms = retry_after_ms};
  attempt.answer.excerpt = std::string(300, '\xff');
  return attempt;
}
const std::vector<std::int64_t> kDelays = {5'000, 300'000};

TEST(WebhookRetry, DeliversByAny2xxAlone) {
  EXPECT_EQ(after_attempt({}, attempt(200), kDelays).status(), Status::DELIVERED);
  EXPECT_EQ(after_attempt({}, attempt(204), kDelays).status(), Status::DELIVERED);
  for (const int status : {0, 301, 308, 400, 404, 500}) {
    EXPECT_EQ(after_attempt({}, attempt(status), kDelays).status(), Status::PENDING) << status;
  }
}

TEST(WebhookRetry, TriesAgainByTheDelaysAndThenNoMore) {
  auto delivery = after_attempt({}, attempt(500), kDelays);
  EXPECT_EQ(delivery.next_attempt_at_ms(), 6'000);
  EXPECT_EQ(delivery.http_status(), 500u);
  delivery = after_attempt(delivery, attempt(0), kDelays);
  EXPECT_EQ(delivery.next_attempt_at_ms(), 301'000);
  EXPECT_EQ(delivery.error(), "no answer");
  EXPECT_EQ(delivery.response_excerpt(), std::string(200, ' ')) << "printable, and short";
  delivery = after_attempt(delivery, attempt(500), kDelays);
  EXPECT_EQ(delivery.status(), Status::FAILED);
  EXPECT_EQ(delivery.attempts(), 3u);
  EXPECT_EQ(after_attempt({}, attempt(500), {}).status(), Status::FAILED);
  EXPECT_EQ(after_attempt({}, attempt(410), kDelays).status(), Status::FAILED) << "gone for good";
}

TEST(WebhookRetry, LengthensADelayByATenthAtMost) {
  WebhookAttempt last = attempt(500);
  last.jitter = 0.999;
  const auto next_ms = after_attempt({}, last, kDelays).next_attempt_at_ms();
  EXPECT_GT(next_ms, 6'400);
  EXPECT_LE(next_ms, 6'500);
}

TEST(WebhookRetry, WaitsForAsLongAsABusyReceiverAsksWithinADay) {
  EXPECT_EQ(after_attempt({}, attempt(429, 60'000), kDelays).next_attempt_at_ms(), 61'000);
  EXPECT_EQ(after_attempt({}, attempt(503, 60'000), kDelays).next_attempt_at_ms(), 61'000);
  EXPECT_EQ(after_attempt({}, attempt(503, 1), kDelays).next_attempt_at_ms(), 6'000);
  EXPECT_EQ(after_attempt({}, attempt(500, 60'000), kDelays).next_attempt_at_ms(), 6'000);
  EXPECT_EQ(after_attempt({}, attempt(429, 1'000 * kRetryAfterMsMax), kDelays).next_attempt_at_ms(),
            1'000 + kRetryAfterMsMax);
}

}  // namespace
}  // namespace keyfold::actors
