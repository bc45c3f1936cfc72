#include "gateway/http/completion.h"

#include <iterator>
#include <utility>

namespace keyfold::http {
namespace {

// `to` keeps its capacity and what it holds.
template <class T>
void append(std::vector<T>& from, std::vector<T>& to) {
  if (to.empty()) {
    to.swap(from);
  } else {
    std::move(from.begin(), from.end(), std::back_inserter(to));
    from.clear();
  }
}

}  // namespace

void Inbox::wake() {
  if (!std::exchange(woken_, true)) wake_();
}

void Inbox::push(LateAnswer answer) {
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) {
      answers_.push_back(std::move(answer));
      return wake();
    }
  }
  if (answer.stream) answer.stream->close(StreamEnd::kDrained);
}

void Inbox::push(StreamWrite write) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  writes_.push_back(std::move(write));
  wake();
}

void Inbox::push(std::vector<StreamWrite>& writes) {
  if (writes.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) {
      append(writes, writes_);
      wake();
    }
  }
  writes.clear();
}

void Inbox::take_all(std::vector<LateAnswer>& answers, std::vector<StreamWrite>& writes) {
  const std::lock_guard lock(mutex_);
  woken_ = false;
  append(answers_, answers);
  append(writes_, writes);
}

void Inbox::close() {
  std::vector<LateAnswer> answers;
  std::vector<StreamWrite> writes;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    answers.swap(answers_);
    writes.swap(writes_);
  }
  for (const auto& answer : answers) {
    if (answer.stream) answer.stream->close(StreamEnd::kDrained);
  }
}

Completion::Target::~Target() {
  if (inbox) inbox->push(LateAnswer{std::move(connection), sequence, std::nullopt, nullptr});
}

Completion::~Completion() = default;  // the target's destructor answers, if nobody has

void Completion::operator()(Response response) {
  if (!target_) return;
  const auto target = std::move(target_);
  const auto inbox = std::move(target->inbox);
  inbox->push(LateAnswer{std::move(target->connection), target->sequence, std::move(response), nullptr});
}

Stream Completion::stream(Response head, std::shared_ptr<StreamObserver> observer) {
  if (!target_) return {};
  const auto target = std::move(target_);
  const auto inbox = std::move(target->inbox);
  auto state = std::make_shared<Stream::State>(inbox, target->connection, std::move(observer));
  inbox->push(LateAnswer{std::move(target->connection), target->sequence, std::move(head), state});
  return Stream(std::move(state));
}

}  // namespace keyfold::http
