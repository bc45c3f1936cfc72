#include "actors/submit.h"

namespace keyfold::actors {
namespace {

class FutureSink final : public OutcomeSink {
 public:
  [[nodiscard]] std::future<Outcome> outcome() { return outcome_.get_future(); }
  void complete(Outcome outcome) override { outcome_.set_value(std::move(outcome)); }

 private:
  std::promise<Outcome> outcome_;
};

}  // namespace

std::future<Outcome> submit(Runtime& runtime, v1::Command command) {
  auto sink = std::make_unique<FutureSink>();
  auto outcome = sink->outcome();
  runtime.submit(std::move(command), std::move(sink));
  return outcome;
}

}  // namespace keyfold::actors
