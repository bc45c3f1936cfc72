#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "keyfold/v1/event.pb.h"
#include "keyfold/v1/vault.pb.h"
#include "tests/golden/golden_file.h"

namespace keyfold {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

std::string label(const FieldDescriptor& field) {
  if (field.is_repeated()) return "repeated";
  if (const auto* oneof = field.real_containing_oneof()) return "oneof " + oneof->name();
  return field.has_presence() && field.message_type() == nullptr ? "optional" : "single";
}

std::string type(const FieldDescriptor& field) {
  if (field.message_type() != nullptr) return field.message_type()->full_name();
  if (field.enum_type() != nullptr) return field.enum_type()->full_name();
  return field.type_name();
}

void describe(const EnumDescriptor& values, std::set<std::string>& lines) {
  for (int i = 0; i < values.value_count(); ++i) {
    lines.insert(values.full_name() + "." + values.value(i)->name() + " = " +
                 std::to_string(values.value(i)->number()));
  }
}

void describe(const Descriptor& message, std::set<std::string>& lines, std::set<const Descriptor*>& seen) {
  if (!seen.insert(&message).second) return;
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    lines.insert(field.full_name() + " = " + std::to_string(field.number()) + " " + label(field) + " " + type(field));
    if (field.message_type() != nullptr) describe(*field.message_type(), lines, seen);
    if (field.enum_type() != nullptr) describe(*field.enum_type(), lines);
  }
}

/// Every message that is stored: events, and what the vault puts into them and beside them.
std::set<std::string> todays_lines() {
  std::set<std::string> lines;
  std::set<const Descriptor*> seen;
  for (const Descriptor* root : {v1::EventHeader::descriptor(), v1::Payload::descriptor(), v1::Sealed::descriptor(),
                                 v1::WrappedDataKey::descriptor()}) {
    describe(*root, lines, seen);
  }
  return lines;
}

TEST(GoldenSchema, StoredMessagesOnlyGrow) {
  const auto path = golden::directory() / "fields.txt";
  const std::set<std::string> today = todays_lines();
  const auto lines = golden::read_lines(path);
  std::set<std::string> known(lines.begin(), lines.end());
  for (const std::string& line : known) {
    EXPECT_TRUE(today.contains(line)) << "vanished or changed, but stored events have it: " << line;
  }
  if (golden::updating()) {
    known.insert(today.begin(), today.end());
    golden::write_lines(path, {known.begin(), known.end()});
  }
  for (const std::string& line : today) {
    EXPECT_TRUE(known.contains(line)) << "new; run with KEYFOLD_UPDATE_GOLDEN=1 and commit fields.txt: " << line;
  }
}

}  // namespace
}  // namespace keyfold
