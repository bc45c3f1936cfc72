#include "gateway/api/access_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <thread>

#include "gateway/api/json_text.h"
#include "schemas/base/clock.h"

namespace keyfold::api {
namespace {

constexpr std::size_t kBufferBytesMax = std::size_t{1} << 20;
constexpr std::size_t kClientIdBytesMax = 128;
constexpr std::size_t kTextBytesMax = 512;

/// What a client sent may hold any byte, and be long.
void append_text(std::string& line, std::string_view name, std::string_view value, std::size_t bytes_max) {
  if (value.empty()) return;
  std::string printable(value.substr(0, bytes_max));
  for (char& c : printable) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  line.append(",\"").append(name).append("\":");
  append_json_string(line, printable);
}

void append_number(std::string& line, std::string_view name, std::uint64_t value) {
  line.append(",\"").append(name).append("\":").append(std::to_string(value));
}

std::string render(const AccessRecord& record, std::int64_t now_ms) {
  std::string line = "{\"timeMs\":" + std::to_string(now_ms);
  append_text(line, "requestId", record.request_id, kTextBytesMax);
  append_text(line, "clientRequestId", record.client_request_id, kClientIdBytesMax);
  append_text(line, "method", record.method, kTextBytesMax);
  append_text(line, "path", record.path, kTextBytesMax);
  append_number(line, "status", static_cast<std::uint64_t>(record.status));
  append_number(line, "durationUs", static_cast<std::uint64_t>(record.duration_us));
  append_number(line, "bytesIn", record.bytes_in);
  append_number(line, "bytesOut", record.bytes_out);
  append_text(line, "rootKeyId", record.root_key_id, kTextBytesMax);
  append_text(line, "workspaceId", record.workspace_id, kTextBytesMax);
  append_text(line, "clientIp", record.client_ip, kTextBytesMax);
  append_text(line, "userAgent", record.user_agent, kTextBytesMax);
  append_text(line, "errorType", record.error_type, kTextBytesMax);
  append_text(line, "streamEnd", record.stream_end, kTextBytesMax);
  line += "}\n";
  return line;
}

/// How many of the lines in `text` were not written whole.
std::uint64_t write_lines(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  std::uint64_t lost = 0;
  for (const char c : text) lost += c == '\n' ? 1 : 0;
  return lost;
}

}  // namespace

struct AccessLog::Impl {
  void run() {
    std::string writing;
    std::unique_lock lock(mutex);
    while (true) {
      filled.wait(lock, [this] { return closing || !buffer.empty(); });
      if (buffer.empty()) return;
      std::swap(writing, buffer);
      lock.unlock();
      dropped += write_lines(file, writing);
      writing.clear();
      lock.lock();
    }
  }

  Mode mode = Mode::kOff;
  int file = STDERR_FILENO;
  SystemClock clock;
  std::atomic<std::uint64_t> dropped{0};
  std::mutex mutex;
  std::condition_variable filled;
  std::string buffer;  // whole lines that wait for the thread
  bool closing = false;
  std::thread thread;
};

AccessLog::AccessLog() : impl_(std::make_unique<Impl>()) {}

AccessLog::~AccessLog() {
  if (impl_->thread.joinable()) {
    {
      const std::lock_guard lock(impl_->mutex);
      impl_->closing = true;
    }
    impl_->filled.notify_one();
    impl_->thread.join();
  }
  if (impl_->file != STDERR_FILENO) ::close(impl_->file);
}

Result<std::unique_ptr<AccessLog>> AccessLog::open(Mode mode, const std::string& file) {
  std::unique_ptr<AccessLog> log(new AccessLog());
  log->impl_->mode = mode;
  if (mode == Mode::kOff) return log;
  if (file != "-") {
    const int opened = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (opened < 0) {
      return fail(ErrorCode::kIo, std::string("the access log can't be opened: ") + std::strerror(errno), file,
                  "check the option access_log.file");
    }
    log->impl_->file = opened;
  }
  log->impl_->thread = std::thread([impl = log->impl_.get()] { impl->run(); });
  return log;
}

bool AccessLog::wants(int status) const {
  return impl_->mode == Mode::kAll || (impl_->mode == Mode::kErrors && status >= 400);
}

void AccessLog::write(const AccessRecord& record) {
  if (!wants(record.status)) return;
  const std::string line = render(record, impl_->clock.now_ms());
  bool was_empty = false;
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->buffer.size() + line.size() > kBufferBytesMax) {
      ++impl_->dropped;
      return;
    }
    was_empty = impl_->buffer.empty();
    impl_->buffer += line;
  }
  if (was_empty) impl_->filled.notify_one();
}

std::uint64_t AccessLog::dropped() const { return impl_->dropped; }

}  // namespace keyfold::api
