#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "schemas/base/result.h"

namespace keyfold::api {

/// One answered request. Holds no secret: never a body, an Authorization value or a query string.
struct AccessRecord {
  std::string_view request_id;
  std::string_view client_request_id;  // X-Request-Id, as the client sent it; cut to 128 printable bytes when written
  std::string_view method;
  std::string_view path;
  int status = 0;
  std::int64_t duration_us = 0;
  std::size_t bytes_in = 0;
  std::size_t bytes_out = 0;
  std::string_view root_key_id;   // empty: not authenticated
  std::string_view workspace_id;  // likewise
  std::string_view client_ip;
  std::string_view user_agent;
  std::string_view error_type;  // empty: a success
  std::string_view stream_end;  // why a stream that was answered before is over; empty: no stream, or its begin
};

/// The access log: one JSON object a line, written by a thread of its own from a bounded buffer; when the disk can't
/// follow, lines are dropped and counted, never waited for. Thread-safe.
class AccessLog {
 public:
  enum class Mode { kOff, kErrors, kAll };  // kErrors: status 400 and above

  /// `file`: a path to append to, or "-" for standard error.
  [[nodiscard]] static Result<std::unique_ptr<AccessLog>> open(Mode mode, const std::string& file);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  /// Whether a record of that status would be written: ask before gathering one.
  [[nodiscard]] bool wants(int status) const;
  void write(const AccessRecord& record);
  /// Lines that were dropped since the start.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  AccessLog();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold::api
