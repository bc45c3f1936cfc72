#include "gateway/http/outgoing_stream.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/container/static_vector.hpp>

namespace keyfold::http {
namespace {

constexpr std::size_t kBuffersMax = 64;  // of one write; what asio passes on to the kernel at once

bool would_block(const net::ErrorCode& error) {
  return error == boost::asio::error::would_block || error == boost::asio::error::try_again;
}

}  // namespace

OutgoingStream::Progress OutgoingStream::send(net::Socket& socket, Counter& bytes_written) {
  auto& texts = state_->texts;
  if (finished_) return Progress::kFinished;
  if (texts.empty()) return Progress::kAllSent;
  while (!texts.empty() && !finished_) {
    boost::container::static_vector<boost::asio::const_buffer, kBuffersMax> buffers;
    std::size_t size = 0;
    for (std::size_t i = 0; i < std::min(texts.size(), kBuffersMax); ++i) {
      auto bytes = bytes_of(*texts[i]);
      if (i == 0) bytes.remove_prefix(sent_of_first_);
      buffers.emplace_back(bytes.data(), bytes.size());
      size += bytes.size();
    }
    net::ErrorCode error;
    const auto sent = size == 0 ? 0 : socket.write_some(buffers, error);
    bytes_written.add(sent);
    take_off(sent);
    if (error && !would_block(error)) return Progress::kBroken;
    if (error || sent < size) return Progress::kBlocked;
  }
  std::vector<SharedText>().swap(texts);
  if (finished_) return Progress::kFinished;
  state_->observer->on_sent();
  return Progress::kAllSent;
}

// Forgets the texts that are sent whole; the empty one is the last.
void OutgoingStream::take_off(std::size_t sent) {
  auto& texts = state_->texts;
  sent_of_first_ += sent;
  std::size_t whole = 0;
  for (; whole < texts.size() && sent_of_first_ >= bytes_of(*texts[whole]).size(); ++whole) {
    sent_of_first_ -= bytes_of(*texts[whole]).size();
    state_->unsent -= texts[whole]->chunk().size();
    finished_ = finished_ || texts[whole]->text().empty();
  }
  texts.erase(texts.begin(), texts.begin() + static_cast<std::ptrdiff_t>(whole));
}

void OutgoingStream::end() {
  auto last = share_text({});
  state_->unsent += last->chunk().size();
  state_->texts.push_back(std::move(last));
}

void OutgoingStream::close(StreamEnd end) {
  std::vector<SharedText>().swap(state_->texts);
  state_->close(end);
}

}  // namespace keyfold::http
