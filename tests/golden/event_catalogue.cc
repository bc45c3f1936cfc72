#include "tests/golden/event_catalogue.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <stdexcept>

#include "events/public_event.h"
#include "keyfold/v1/options.pb.h"

namespace keyfold::golden {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;

constexpr const char* kIntroduction = R"(# Events

Every change is an event. This page lists their types and fields; it is made from
[`schemas/keyfold/v1`](../schemas/keyfold/v1), and a test keeps it current. Subscribers
([subscriptions.md](subscriptions.md)), webhooks and auditors ([audit.md](audit.md)) see an event as one line of JSON:

```json
{"id":"0190163d-8694-739b-b4ed-f25c7dc1ae2d","type":"KeyCreated","timestamp":"2026-11-26T02:11:15.123Z",
 "position":"3:41","workspaceId":"ws_1","resource":{"kind":"key","id":"key_1"},
 "principal":{"type":"rootKey","id":"rk_1","name":"ci"},"requestId":"req_1","remoteIp":"203.0.113.7",
 "userAgent":"curl/8.5.0","data":{"keyId":"key_1","apiId":"api_1","enabled":true,"meta":{"plan":"pro"}}}
```

| member | what it is |
| --- | --- |
| `id` | UUIDv7, the same wherever the event shows up |
| `type` | one of those below |
| `timestamp` | when it was decided, RFC 3339 in UTC |
| `position` | `partition:sequence`, its place in the log; a workspace is in one partition, so that positions order its events |
| `workspaceId` | the workspace that it happened in |
| `resource` | what it happened to: `kind` and `id` |
| `principal` | who asked for it: `type` is `rootKey`, `portalEndUser`, `user` or `system`; `id` and `name` as they were then |
| `requestId` | of the request that caused it; `meta.requestId` of its answer |
| `correlationId` | the request's `X-Request-Id` |
| `remoteIp`, `userAgent` | where the request came from |
| `data` | what is listed below for the type |

Members are only ever added. Empty texts are left out, and so is a time that is not set; lists are always there. Whole
numbers are JSON numbers, times in `data` are Unix milliseconds. In an update a member that is absent did not change, and
one that is `null` was cleared. Hashes and ciphertext are on the log, but not in this form.

[consumers.md](consumers.md) says how the same events stand in Kafka records, as protobuf.

)";

/// The comment as one line, without what it says about proto or C++ only.
std::string one_line(std::string comment) {
  std::string line;
  for (const char c : comment) {
    if (c == '\n') {
      if (!line.empty() && line.back() != ' ') line += ' ';
    } else if (c == '|') {
      line += "\\|";
    } else if (!(c == ' ' && (line.empty() || line.back() == ' '))) {
      line += c;
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

template <class Described>
std::string comment_of(const Described& described) {
  google::protobuf::SourceLocation location;
  if (!described.GetSourceLocation(&location)) return {};
  return one_line(location.leading_comments + location.trailing_comments);
}

bool is_wrapper(const Descriptor& message) { return message.field_count() == 1; }
bool is_json(const FieldDescriptor& field) { return field.name().ends_with("_json"); }

std::string type_text(const FieldDescriptor& field, bool holds_json) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_ENUM: {
      std::string choices;
      for (int i = 1; i < field.enum_type()->value_count(); ++i) {  // the first one means: not set
        choices += (choices.empty() ? "`" : ", `") + field.enum_type()->value(i)->name() + "`";
      }
      return choices;
    }
    case FieldDescriptor::CPPTYPE_STRING:
      return holds_json ? "JSON" : "text";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return "object";
    default:
      return field.name().ends_with("_at_ms") || field.name() == "value_ms" ? "time" : "number";
  }
}

/// A row for the field, and for what is inside it.
void append_rows(std::string& out, const FieldDescriptor& field, const std::string& prefix) {
  const std::string name = events::public_name(field);
  if (name.empty()) return;
  const FieldDescriptor* inner = &field;
  std::string suffix;
  const bool wraps = field.message_type() != nullptr && is_wrapper(*field.message_type());
  if (wraps) {
    inner = field.message_type()->field(0);
    if (!inner->is_repeated()) suffix = " or null";
  }
  const std::string type = type_text(*inner, is_json(field)) + suffix;
  const bool is_list = field.is_repeated() || inner->is_repeated();
  const std::string comment = wraps && comment_of(field).empty() ? comment_of(*inner) : comment_of(field);
  out += "| `" + prefix + name + "` | " + (is_list ? "list of " + type : type) + " | " + comment + " |\n";
  const Descriptor* nested = inner->message_type();
  if (nested == nullptr) return;
  for (int i = 0; i < nested->field_count(); ++i) {
    append_rows(out, *nested->field(i), prefix + name + (is_list ? "[]." : "."));
  }
}

std::string event_section(const Descriptor& type) {
  std::string section = "### " + type.name() + "\n\n";
  const std::string comment = comment_of(type);
  if (!comment.empty()) section += comment + "\n\n";
  std::string rows;
  for (int i = 0; i < type.field_count(); ++i) append_rows(rows, *type.field(i), "");
  return section + "| member of `data` | type | |\n| --- | --- | --- |\n" + rows + "\n";
}

}  // namespace

std::string event_catalogue(const std::string& descriptors) {
  google::protobuf::FileDescriptorSet files;
  if (!files.ParseFromString(descriptors)) throw std::runtime_error("the descriptors can't be parsed");
  DescriptorPool pool;
  for (const auto& file : files.file()) {
    if (pool.BuildFile(file) == nullptr) throw std::runtime_error(file.name() + " can't be used");
  }
  const auto* oneof = pool.FindMessageTypeByName("keyfold.v1.Payload")->FindOneofByName("event");
  std::string shown = "## Types\n\n";
  std::string internal =
      "## Kept inside\n\nOn the log, and to be skipped by whoever reads it; no subscriber and no webhook gets "
      "them.\n\n";
  for (int i = 0; i < oneof->field_count(); ++i) {
    const FieldDescriptor& field = *oneof->field(i);
    const Descriptor& type = *field.message_type();
    if (field.options().GetExtension(v1::is_internal)) {
      internal += "- `" + type.name() + "`: " + comment_of(type) + "\n";
    } else {
      shown += event_section(type);
    }
  }
  return kIntroduction + shown + internal;
}

}  // namespace keyfold::golden
