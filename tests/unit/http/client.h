#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace keyfold::http {

/// A blocking client of 127.0.0.1 that sends exactly the given bytes. What should arrive and does not within 20 seconds
/// reads as the connection's end, so that a test fails instead of hanging.
class Client {
 public:
  explicit Client(std::uint16_t port);
  ~Client();
  Client(Client&& other) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client& operator=(Client&&) = delete;

  /// False when the peer has closed.
  bool send(std::string_view bytes) const;
  /// Half-closes: no more will be sent.
  void end() const;
  /// The next whole answer as sent, by its Content-Length; empty when the connection ends first.
  [[nodiscard]] std::string read_answer();
  /// The same for an answer that has no body whatever its Content-Length says.
  [[nodiscard]] std::string read_head();
  /// Everything up to that text and including it; empty when the connection ends first.
  [[nodiscard]] std::string read_through(std::string_view text);
  /// Everything up to the connection's end.
  [[nodiscard]] std::string read_all();

 private:
  bool receive();

  int fd_;
  std::string received_;
};

/// The answer's status; 0 of none.
[[nodiscard]] int status_of(std::string_view answer);
[[nodiscard]] std::string body_of(std::string_view answer);

/// Lets this process open that many files; the tests hold both ends of each connection.
void allow_open_files(std::uint64_t count);

}  // namespace keyfold::http
