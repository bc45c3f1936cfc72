#include "actors/aggregates/answer_json.h"

namespace keyfold::actors {

AnswerJson credits_json(const rows::KeyRow& key) {
  AnswerJson credits{{"remaining", nullptr}};
  if (key.has_credits_remaining()) credits["remaining"] = key.credits_remaining();
  if (key.has_refill()) {
    const bool is_monthly = key.refill().interval() == v1::Refill::MONTHLY;
    AnswerJson& refill = credits["refill"];
    refill["interval"] = is_monthly ? "monthly" : "daily";
    refill["amount"] = key.refill().amount();
    if (is_monthly) refill["refillDay"] = key.refill().refill_day();
  }
  return credits;
}

}  // namespace keyfold::actors
