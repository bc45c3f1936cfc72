#pragma once

// Private to actors/: it knows CAF.

#include <caf/all.hpp>
#include <memory>
#include <utility>

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace keyfold::actors {

/// Tell ThreadSanitizer that what was written before a message was sent is there when it arrives. CAF's mailbox
/// guarantees it, but the packaged CAF is not instrumented. Nothing in other builds.
inline void before_sending([[maybe_unused]] const void* message) {
#ifdef __SANITIZE_THREAD__
  __tsan_release(const_cast<void*>(message));
#endif
}
inline void after_receiving([[maybe_unused]] const void* message) {
#ifdef __SANITIZE_THREAD__
  __tsan_acquire(const_cast<void*>(message));
#endif
}

/// Sends what actors share, in an order that ThreadSanitizer sees.
template <class T>
void send_shared(const caf::actor& to, std::shared_ptr<T> message) {
  before_sending(message.get());
  caf::anon_send(to, std::move(message));
}

}  // namespace keyfold::actors
