#include "gateway/http/completion.h"

#include <iterator>

namespace keyfold::http {

void Inbox::push(LateAnswer answer) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  answers_.push_back(std::move(answer));
  if (woken_) return;
  woken_ = true;
  wake_();
}

void Inbox::take_all(std::vector<LateAnswer>& answers) {
  const std::lock_guard lock(mutex_);
  woken_ = false;
  if (answers.empty()) {
    answers.swap(answers_);  // both keep their capacity
  } else {
    std::move(answers_.begin(), answers_.end(), std::back_inserter(answers));
    answers_.clear();
  }
}

void Inbox::close() {
  std::vector<LateAnswer> dropped;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(answers_);
}

Completion::Target::~Target() {
  if (inbox) inbox->push({std::move(connection), sequence, std::nullopt});
}

Completion::~Completion() = default;  // the target's destructor answers, if nobody has

void Completion::operator()(Response response) {
  if (!target_) return;
  const auto target = std::move(target_);
  const auto inbox = std::move(target->inbox);
  inbox->push({std::move(target->connection), target->sequence, std::move(response)});
}

}  // namespace keyfold::http
