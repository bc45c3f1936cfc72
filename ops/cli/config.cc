#include "ops/cli/config.h"

#include <toml++/toml.h>
#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <vector>

#include "gateway/api/nearest_name.h"

namespace keyfold::ops {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;

const v1::Setting& setting_of(const FieldDescriptor& field) { return field.options().GetExtension(v1::setting); }

void set_defaults(Message& message) {
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    const std::string& value = setting_of(field).default_value();
    if (field.is_map()) continue;  // empty
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      set_defaults(*message.GetReflection()->MutableMessage(&message, &field));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
      std::int64_t number = 0;
      std::from_chars(value.data(), value.data() + value.size(), number);
      message.GetReflection()->SetInt64(&message, &field, number);
    } else {
      message.GetReflection()->SetString(&message, &field, value);
    }
  }
}

/// Copies a TOML document into the message whose fields have the options' names.
class Reader {
 public:
  Reader(const std::string& name, const Environment& environment) : name_(name), environment_(environment) {}

  Status read(const toml::table& table, const std::string& section, Message& message) const {
    for (const auto& [key, node] : table) {
      const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(std::string(key.str()));
      if (field == nullptr) return unknown(key, section, *message.GetDescriptor());
      if (Status status = read_option(node, *field, message); !status) return status;
    }
    return {};
  }

 private:
  [[nodiscard]] std::string at(const toml::source_region& source) const {
    return name_ + ":" + std::to_string(source.begin.line) + ":" + std::to_string(source.begin.column);
  }
  [[nodiscard]] Status refuse(const toml::node& node, std::string what, std::string hint = {}) const {
    return fail(ErrorCode::kInvalidArgument, std::move(what), at(node.source()), std::move(hint));
  }

  [[nodiscard]] Status unknown(const toml::key& key, const std::string& section,
                               const google::protobuf::Descriptor& known) const {
    std::vector<std::string_view> names;
    names.reserve(static_cast<std::size_t>(known.field_count()));
    for (int i = 0; i < known.field_count(); ++i) names.emplace_back(known.field(i)->name());
    const std::string nearest(api::nearest_name(key.str(), names));
    return fail(
        ErrorCode::kInvalidArgument,
        "there is no option '" + std::string(key.str()) + "'" + (section.empty() ? "" : " in [" + section + "]"),
        at(key.source()), nearest.empty() ? "see ops/keyfold.example.toml" : "did you mean '" + nearest + "'?");
  }

  [[nodiscard]] Status read_option(const toml::node& node, const FieldDescriptor& field, Message& message) const {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (const auto* table = node.as_table()) {
          if (field.is_map()) return read_texts(*table, {}, field, message);
          return read(*table, field.name(), *message.GetReflection()->MutableMessage(&message, &field));
        }
        return refuse(node, "'" + field.name() + "' must be a section", "write [" + field.name() + "]");
      case FieldDescriptor::CPPTYPE_INT64:
        if (const auto* number = node.as_integer()) return read_number(node, number->get(), field, message);
        return refuse(node, "'" + field.name() + "' must be a whole number");
      default:
        if (const auto* text = node.as_string()) return read_text(node, text->get(), field, message);
        return refuse(node, "'" + field.name() + "' must be a text in quotes");
    }
  }

  /// A map of texts. TOML takes a dot in a bare key for a table's name: here it belongs to the key.
  [[nodiscard]] Status read_texts(const toml::table& table, const std::string& prefix, const FieldDescriptor& field,
                                  Message& message) const {
    for (const auto& [key, node] : table) {
      const std::string name = prefix + std::string(key.str());
      if (const auto* inner = node.as_table()) {
        if (Status status = read_texts(*inner, name + ".", field, message); !status) return status;
        continue;
      }
      const auto* text = node.as_string();
      if (text == nullptr) return refuse(node, "'" + name + "' must be a text in quotes");
      auto value = expand_variables(text->get(), environment_);
      if (!value) return refuse(node, value.error().what, value.error().hint);
      Message* entry = message.GetReflection()->AddMessage(&message, &field);
      const auto* of = entry->GetDescriptor();
      entry->GetReflection()->SetString(entry, of->map_key(), name);
      entry->GetReflection()->SetString(entry, of->map_value(), *std::move(value));
    }
    return {};
  }

  [[nodiscard]] Status read_number(const toml::node& node, std::int64_t number, const FieldDescriptor& field,
                                   Message& message) const {
    const v1::Setting& setting = setting_of(field);
    if (number < setting.min() || number > setting.max()) {
      return refuse(node, "'" + field.name() + "' must be between " + std::to_string(setting.min()) + " and " +
                              std::to_string(setting.max()) + ", not " + std::to_string(number));
    }
    message.GetReflection()->SetInt64(&message, &field, number);
    return {};
  }

  [[nodiscard]] Status read_text(const toml::node& node, const std::string& text, const FieldDescriptor& field,
                                 Message& message) const {
    auto value = expand_variables(text, environment_);
    if (!value) return refuse(node, value.error().what, value.error().hint);
    const auto& choices = setting_of(field).choices();
    if (!choices.empty() && std::find(choices.begin(), choices.end(), *value) == choices.end()) {
      std::string known;
      for (const std::string& choice : choices) known += (known.empty() ? "" : ", ") + choice;
      return refuse(node, "'" + field.name() + "' can't be '" + *value + "'", "one of: " + known);
    }
    message.GetReflection()->SetString(&message, &field, *std::move(value));
    return {};
  }

  const std::string& name_;
  const Environment& environment_;
};

}  // namespace

v1::Config default_config() {
  v1::Config config;
  set_defaults(config);
  return config;
}

Result<v1::Config> parse_config(std::string_view text, const std::string& name, const Environment& environment) {
  v1::Config config = default_config();
  try {
    const toml::table table = toml::parse(text, name);
    if (Status status = Reader(name, environment).read(table, {}, config); !status) {
      return tl::unexpected(status.error());
    }
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    return fail(ErrorCode::kInvalidArgument, "this is not TOML: " + std::string(error.description()),
                name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column));
  }
  return config;
}

Result<v1::Config> load_config(const std::filesystem::path& file, const Environment& environment) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return fail(ErrorCode::kNotFound, "the configuration file can't be read", file, "check the path after --config");
  }
  std::string text(kFileBytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kFileBytesMax) {
    return fail(ErrorCode::kInvalidArgument, "the configuration file is larger than 1 MiB", file);
  }
  return parse_config(text, file.string(), environment);
}

}  // namespace keyfold::ops
