#include "projections/key_index_epoch.h"

#include <algorithm>
#include <atomic>
#include <limits>

namespace keyfold::projections {
namespace {

/// Where one thread announces itself. Never freed: another thread takes it over when its own has ended.
struct alignas(64) Reader {
  std::atomic<std::uint64_t> since{0};  // the epoch in which the outermost guard began; 0: there is none
  std::uint32_t guards = 0;             // its thread only
  std::atomic<bool> taken{true};
  Reader* next = nullptr;
};

constinit std::atomic<std::uint64_t> current_epoch{1};
constinit std::atomic<Reader*> all_readers{nullptr};
// Apart from the lease below, so that the look-up needs no check whether a destructor is registered.
constinit thread_local Reader* own_reader = nullptr;

struct Lease {
  ~Lease() {
    own_reader->taken.store(false, std::memory_order_release);
    own_reader = nullptr;
  }
};

Reader* take_reader() {
  for (Reader* reader = all_readers.load(std::memory_order_acquire); reader != nullptr; reader = reader->next) {
    if (!reader->taken.load(std::memory_order_relaxed) && !reader->taken.exchange(true, std::memory_order_acquire)) {
      return reader;
    }
  }
  auto* const reader = new Reader;
  reader->next = all_readers.load(std::memory_order_relaxed);
  while (!all_readers.compare_exchange_weak(reader->next, reader, std::memory_order_seq_cst)) {
  }
  return reader;
}

Reader& this_reader() {
  if (own_reader == nullptr) {
    own_reader = take_reader();
    thread_local const Lease lease;
  }
  return *own_reader;
}

std::uint64_t oldest_guard() {
  std::uint64_t oldest = std::numeric_limits<std::uint64_t>::max();
  for (const Reader* reader = all_readers.load(std::memory_order_seq_cst); reader != nullptr; reader = reader->next) {
    const std::uint64_t since = reader->since.load(std::memory_order_seq_cst);
    if (since != 0) oldest = std::min(oldest, since);
  }
  return oldest;
}

}  // namespace

ReadGuard::ReadGuard() {
  Reader& reader = this_reader();
  if (reader.guards++ == 0) {
    reader.since.store(current_epoch.load(std::memory_order_acquire), std::memory_order_seq_cst);
  }
}

ReadGuard::~ReadGuard() {
  Reader& reader = *own_reader;
  if (--reader.guards == 0) reader.since.store(0, std::memory_order_release);
}

void Reclaimer::reclaim() {
  if (!fresh_.empty()) {
    const std::uint64_t epoch = current_epoch.fetch_add(1, std::memory_order_seq_cst);
    for (Item& item : fresh_) {
      item.epoch = epoch;
      retired_.push_back(item);
    }
    fresh_.clear();
  }
  if (retired_.empty()) return;
  const std::uint64_t oldest = oldest_guard();
  while (!retired_.empty() && retired_.front().epoch < oldest) {
    const Item item = retired_.front();
    retired_.pop_front();
    item.free(item.owner, item.what);
  }
}

void Reclaimer::free_all() {
  for (std::deque<Item>* items : {&retired_, &fresh_}) {
    for (const Item& item : *items) item.free(item.owner, item.what);
    items->clear();
  }
}

}  // namespace keyfold::projections
