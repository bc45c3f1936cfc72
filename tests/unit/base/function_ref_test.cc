#include "schemas/base/function_ref.h"

#include <gtest/gtest.h>

#include <memory>

namespace keyfold {
namespace {

int twice(FunctionRef<int(int)> function) { return function(1) + function(2); }

TEST(FunctionRef, CallsTheCallableItselfAndNotACopy) {
  int calls = 0;
  EXPECT_EQ(twice([&calls, not_copyable = std::make_unique<int>(10)](int n) {
              ++calls;
              return n + *not_copyable;
            }),
            23);
  EXPECT_EQ(calls, 2);
  struct Counter {
    int sum = 0;
    int operator()(int n) { return sum += n; }
  } counter;
  EXPECT_EQ(twice(counter), 4);
  EXPECT_EQ(counter.sum, 3);
}

}  // namespace
}  // namespace keyfold
