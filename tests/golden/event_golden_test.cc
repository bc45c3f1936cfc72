#include <gtest/gtest.h>

#include "events/event.h"
#include "events/public_event.h"
#include "schemas/base/encoding.h"
#include "tests/golden/golden_file.h"

namespace keyfold::events {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void fill(Message& message);

/// Gives the field a value that names it, so that two fields are never mistaken for each other.
void fill_field(Message& message, const FieldDescriptor& field) {
  const auto& reflection = *message.GetReflection();
  const int n = field.number();
  const std::string text = field.type() == FieldDescriptor::TYPE_BYTES
                               ? std::string(4, static_cast<char>(0xc0 + n % 32))
                               : field.name() + " \xc3\xa9 \"1\"";
  const auto set = [&](auto repeated, auto single, const auto& value) {
    field.is_repeated() ? (reflection.*repeated)(&message, &field, value)
                        : (reflection.*single)(&message, &field, value);
  };
  using R = google::protobuf::Reflection;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return set(&R::AddString, &R::SetString, text);
    case FieldDescriptor::CPPTYPE_INT64:
      return set(&R::AddInt64, &R::SetInt64, std::int64_t{9'007'199'254'740'993} + n);
    case FieldDescriptor::CPPTYPE_UINT64:
      return set(&R::AddUInt64, &R::SetUInt64, std::uint64_t{9'007'199'254'740'993} + static_cast<unsigned>(n));
    case FieldDescriptor::CPPTYPE_INT32:
      return set(&R::AddInt32, &R::SetInt32, 1'000 + n);
    case FieldDescriptor::CPPTYPE_UINT32:
      return set(&R::AddUInt32, &R::SetUInt32, 1'000u + static_cast<unsigned>(n));
    case FieldDescriptor::CPPTYPE_BOOL:
      return set(&R::AddBool, &R::SetBool, true);
    case FieldDescriptor::CPPTYPE_ENUM:
      return set(&R::AddEnumValue, &R::SetEnumValue,
                 field.enum_type()->value(field.enum_type()->value_count() - 1)->number());
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return fill(field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                      : *reflection.MutableMessage(&message, &field));
    default:
      FAIL() << "no sample value for " << field.full_name();
  }
}

void fill(Message& message) {
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    fill_field(message, field);
    if (field.is_repeated()) fill_field(message, field);
  }
}

/// An event of that type with every field set.
Event full_event(const FieldDescriptor& type) {
  Event event;
  fill(event.header);
  event.header.set_event_id(*from_hex("0190163d8694739bb4edf25c7dc1ae2d"));
  event.header.set_previous_hash(std::string(32, '\x5a'));
  event.header.set_schema_version(kSchemaVersion);
  fill(*event.payload.GetReflection()->MutableMessage(&event.payload, &type));
  return event;
}

std::filesystem::path current_folder() {
  return golden::directory() / "events" / ("v" + std::to_string(kSchemaVersion));
}

void write_if_missing(const FieldDescriptor& type) {
  const auto path = current_folder() / (type.message_type()->name() + ".txt");
  if (std::filesystem::exists(path)) return;
  Event event = full_event(type);
  const Record record = encode(event.header, event.payload);
  golden::write_lines(path, {to_hex(record.header), to_hex(record.payload), to_json(event)});
}

TEST(GoldenEvents, EveryEventTypeHasAFileOfTodaysSchemaVersion) {
  const auto* oneof = v1::Payload::descriptor()->FindOneofByName("event");
  for (int i = 0; i < oneof->field_count(); ++i) {
    if (golden::updating()) write_if_missing(*oneof->field(i));
    const std::string name = oneof->field(i)->message_type()->name();
    EXPECT_TRUE(std::filesystem::exists(current_folder() / (name + ".txt")))
        << name << " has no golden file; run with KEYFOLD_UPDATE_GOLDEN=1 and commit it";
  }
}

/// Compares with `public/v<version>/<Type>.json`, whose members may only become more.
void check_public_form(const Event& event, const std::filesystem::path& event_file) {
  const auto path = golden::directory() / "public" / event_file.parent_path().filename() /
                    event_file.filename().replace_extension(".json");
  std::string json;
  append_public_json(json, event);
  if (golden::updating() && !std::filesystem::exists(path)) golden::write_lines(path, {json});
  ASSERT_TRUE(std::filesystem::exists(path)) << path << " is missing; run with KEYFOLD_UPDATE_GOLDEN=1 and commit it";
  EXPECT_EQ(golden::read_lines(path), std::vector<std::string>{json});
}

TEST(GoldenEvents, EveryEventEverWrittenDecodesToTheSameJson) {
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(golden::directory() / "events")) {
    if (!entry.is_regular_file()) continue;
    SCOPED_TRACE(entry.path());
    const auto lines = golden::read_lines(entry.path());
    ASSERT_EQ(lines.size(), 3u);
    const std::string header = from_hex(lines[0]).value();
    const std::string payload = from_hex(lines[1]).value();
    Event event;
    const Status decoded = decode({header, payload}, event);
    ASSERT_TRUE(decoded) << decoded.error().to_string();
    EXPECT_EQ(event.header.type() + ".txt", entry.path().filename());
    EXPECT_EQ(to_json(event), lines[2]);
    if (is_public(event.payload)) check_public_form(event, entry.path());
    ++files;
  }
  EXPECT_GE(files, v1::Payload::descriptor()->FindOneofByName("event")->field_count());
}

}  // namespace
}  // namespace keyfold::events
