#include "gateway/http/stream.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "gateway/http/completion.h"
#include "gateway/http/stream_state.h"

namespace keyfold::http {
namespace {

const SharedText& last_text() {
  static const SharedText kLast = share_text({});
  return kLast;
}

}  // namespace

StreamText::StreamText(std::string_view text) : size_(text.size()) {
  std::array<char, 2 * sizeof(std::size_t)> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), text.size(), 16).ptr;
  begin_ = static_cast<std::size_t>(end - digits.data()) + 2;
  chunk_.reserve(begin_ + size_ + 2);
  chunk_.append(digits.data(), end).append("\r\n").append(text).append("\r\n");
}

void Stream::State::close(StreamEnd end) {
  if (closed.exchange(true)) return;
  const auto told = std::move(observer);  // it may hold the stream itself
  told->on_closed(end);
}

void Stream::write(SharedText text) const {
  if (closed() || text->text().empty()) return;
  state_->unsent += text->chunk().size();
  state_->inbox->push(StreamWrite{state_, std::move(text)});
}

void Stream::end() const {
  if (closed()) return;
  state_->unsent += last_text()->chunk().size();
  state_->inbox->push(StreamWrite{state_, last_text()});
}

std::size_t Stream::unsent() const { return state_ ? state_->unsent.load() : 0; }

bool Stream::closed() const { return !state_ || state_->closed; }

StreamBatch::StreamBatch() = default;
StreamBatch::~StreamBatch() = default;

void StreamBatch::write(const Stream& stream, SharedText text) {
  if (stream.closed()) return;
  const auto& state = stream.state_;
  state->unsent += text->chunk().size();
  auto found =
      std::find_if(by_inbox_.begin(), by_inbox_.end(), [&](const auto& entry) { return entry.first == state->inbox; });
  if (found == by_inbox_.end()) found = by_inbox_.insert(found, {state->inbox, {}});
  found->second.push_back({state, std::move(text)});
}

void StreamBatch::end(const Stream& stream) { write(stream, last_text()); }

void StreamBatch::send() {
  for (auto& [inbox, writes] : by_inbox_) inbox->push(writes);
}

}  // namespace keyfold::http
