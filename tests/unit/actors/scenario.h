#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "actors/aggregates/decide.h"
#include "tests/unit/actors/memory_rows.h"

// `given(events).when(command).then(events or rejection)`: events and commands are written in protobuf's text form.
namespace keyfold::actors::testing {

/// The time of every command in a scenario; given events happened before it.
inline constexpr std::int64_t kNow = 1'700'000'000'000;

[[nodiscard]] v1::Payload parse_event(const std::string& text);
/// A command of workspace "ws_1" at kNow, unless the text says otherwise.
[[nodiscard]] v1::Command parse_command(const std::string& text);

/// A decided command, and the rows that it was decided upon.
class When {
 public:
  When(MemoryRows rows, v1::Command command);
  /// Exactly these events. Each is also written and read by the codec, and folded; the rows must then be sound.
  When& then(std::initializer_list<std::string> events);
  When& then(RejectionCode code);
  /// A rejection whose text holds `words`.
  When& then(RejectionCode code, const std::string& words);
  /// The decision's balance; nothing: unlimited.
  When& with_credits(std::optional<std::int64_t> credits);
  /// What the decision tells the client.
  When& with_data(const std::string& json);

 private:
  MemoryRows rows_;
  v1::Command command_;
  Decided decided_;
};

/// What has happened so far.
class Given {
 public:
  /// More events, of "ws_1" unless another workspace is named.
  Given& and_given(std::initializer_list<std::string> events, const std::string& workspace_id = "ws_1");
  [[nodiscard]] When when(const std::string& command) const;
  [[nodiscard]] const MemoryRows& rows() const { return rows_; }

 private:
  MemoryRows rows_;
  events::Sequence next_ = 0;
};

[[nodiscard]] Given given(std::initializer_list<std::string> events);

/// nowhere, every hash leads to its key, every reference to something that exists (or, of permissions and roles, that
/// existed), every permission and role is listed and found by its text, and no balance is negative.
/// Fails the test unless the rows agree with each other: every live key, identity, permission and role is listed once
/// where it belongs and found by its text, deleted ones nowhere, every hash leads to its key, every reference to
/// something that exists or, but for keys and APIs, existed, and no balance is negative.
void expect_sound(const MemoryRows& rows);

}  // namespace keyfold::actors::testing
