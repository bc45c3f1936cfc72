#pragma once

#include <string>
#include <string_view>

#include "events/event.h"
#include "gateway/http/stream.h"

/// The wire format of Server-Sent Events (WHATWG HTML, 9.2). Pure.
namespace keyfold::subscriptions {

inline constexpr std::string_view kMediaType = "text/event-stream";

/// What a stream begins with: a comment at once, so that proxies pass the head on, and how long clients wait before
/// they connect again, in milliseconds.
inline constexpr std::string_view kPreamble = ": keyfold\nretry: 2000\n\n";
inline constexpr std::string_view kHeartbeat = ": heartbeat\n\n";

/// Appends `id` (the position), `event` (the type) and `data` (the public form) of a public event.
void append_event(std::string& out, const events::Position& position, const events::Event& event);

/// A comment for people who look at the stream; one line.
[[nodiscard]] http::SharedText comment(std::string_view line);

}  // namespace keyfold::subscriptions
