#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace keyfold {

template <class Signature>
class FunctionRef;

/// A callable that someone else owns, for parameters that are only called before the function returns: unlike
/// std::function it never allocates and never copies. The callable must outlive it.
template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> && std::is_object_v<std::remove_reference_t<F>> &&
           std::is_invocable_r_v<R, F&, Args...>)
      FunctionRef(F&& callable)  // NOLINT(google-explicit-constructor,bugprone-forwarding-reference-overload)
      : callable_(const_cast<void*>(static_cast<const void*>(std::addressof(callable)))),
        call_([](void* target, Args... args) -> R {
          return static_cast<R>((*static_cast<std::remove_reference_t<F>*>(target))(std::forward<Args>(args)...));
        }) {}

  R operator()(Args... args) const { return call_(callable_, std::forward<Args>(args)...); }

 private:
  void* callable_;
  R (*call_)(void*, Args...);
};

}  // namespace keyfold
