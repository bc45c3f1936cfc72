#include "events/signed_note.h"

#include <openssl/evp.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "schemas/base/encoding.h"
#include "schemas/base/hash.h"

namespace keyfold::events {
namespace {

constexpr std::size_t kNoteBytesMax = std::size_t{1} << 20;
constexpr std::size_t kSignaturesMax = 100;
constexpr std::string_view kDash = "\u2014 ";
constexpr char kEd25519 = '\x01';  // kind of signature
constexpr std::size_t kEd25519KeyBytes = 32;
constexpr std::size_t kEd25519SignatureBytes = 64;
constexpr std::size_t kKeyIdBytes = 4;
constexpr std::size_t kKeyIdDigits = 8;

using PublicKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// The four bytes before a signature.
std::string key_id_bytes(std::string_view name, std::string_view key) {
  const Digest digest = sha256({name, "\n", key});
  return std::string(as_view(digest).substr(0, kKeyIdBytes));
}

std::uint32_t to_number(std::string_view bytes) {
  std::uint32_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

std::string to_bytes(std::uint32_t number) {
  std::string bytes(kKeyIdBytes, '\0');
  for (std::size_t i = kKeyIdBytes; i > 0; --i, number >>= 8) bytes[i - 1] = static_cast<char>(number & 0xff);
  return bytes;
}

bool is_text(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size()) && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 && c != '\n';
         });
}

/// Unicode's spaces beyond ASCII aren't told apart: no name that keyfold makes has any character beyond it.
bool is_name(std::string_view name) {
  return !name.empty() && is_text(name) && name.find_first_of(" +\n\x7f") == std::string_view::npos;
}

tl::unexpected<Error> no_note(std::string what) { return fail(ErrorCode::kInvalidArgument, std::move(what)); }

bool has_signed(const NoteVerifier& verifier, std::string_view text, std::string_view signature) {
  // Another kind of signature gets a case here; `parse` lets none in that has none.
  if (signature.size() != kEd25519SignatureBytes) return false;
  const PublicKey key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(verifier.key) + 1, verifier.key.size() - 1),
      &EVP_PKEY_free);
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  return key && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text), text.size()) == 1;
}

struct Signature {
  std::string_view name;
  std::uint32_t key_id = 0;
  std::string bytes;
};

Result<std::vector<Signature>> parse_signatures(std::string_view lines) {
  std::vector<Signature> signatures;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    std::string_view line = lines.substr(0, end);
    if (end == std::string_view::npos || !line.starts_with(kDash)) return no_note("a signature's line is malformed");
    lines.remove_prefix(end + 1);
    line.remove_prefix(kDash.size());
    const std::size_t space = line.find(' ');
    const auto bytes = space == std::string_view::npos ? std::nullopt : from_base64(line.substr(space + 1));
    if (!bytes || bytes->size() <= kKeyIdBytes || !is_name(line.substr(0, space))) {
      return no_note("a signature's line is malformed");
    }
    signatures.push_back({line.substr(0, space), to_number(std::string_view(*bytes).substr(0, kKeyIdBytes)),
                          bytes->substr(kKeyIdBytes)});
    if (signatures.size() > kSignaturesMax) return no_note("a note has more than 100 signatures");
  }
  if (signatures.empty()) return no_note("a note has no signature");
  return signatures;
}

}  // namespace

struct NoteSigner::Key {
  PublicKey pair{nullptr, &EVP_PKEY_free};
};

NoteSigner::NoteSigner(std::unique_ptr<Key> key, NoteVerifier verifier)
    : key_(std::move(key)), verifier_(std::move(verifier)) {}
NoteSigner::NoteSigner(NoteSigner&&) noexcept = default;
NoteSigner& NoteSigner::operator=(NoteSigner&&) noexcept = default;
NoteSigner::~NoteSigner() = default;

Result<NoteSigner> NoteSigner::make(std::string name, std::string_view seed) {
  if (!is_name(name)) {
    return fail(ErrorCode::kInvalidArgument, "a log's name must not be empty, nor hold spaces or plus signs", name);
  }
  auto key = std::make_unique<Key>();
  key->pair.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), seed.size()));
  std::array<unsigned char, kEd25519KeyBytes> public_key{};
  std::size_t size = public_key.size();
  if (!key->pair || EVP_PKEY_get_raw_public_key(key->pair.get(), public_key.data(), &size) != 1) {
    return fail(ErrorCode::kInvalidArgument, "a signing key must have 32 bytes", name);
  }
  NoteVerifier verifier{std::move(name), 0, std::string(1, kEd25519)};
  verifier.key.append(public_key.begin(), public_key.end());
  verifier.key_id = to_number(key_id_bytes(verifier.name, verifier.key));
  return NoteSigner(std::move(key), std::move(verifier));
}

std::string NoteSigner::sign(std::string_view text) const {
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::array<unsigned char, kEd25519SignatureBytes> signature{};
  std::size_t size = signature.size();
  // Signing with a key that was loaded fails when there is no memory, and then nothing can be done.
  if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_->pair.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, bytes_of(text), text.size()) != 1) {
    std::abort();
  }
  std::string bytes = to_bytes(verifier_.key_id);
  bytes.append(signature.begin(), signature.end());
  std::string note(text);
  return note.append("\n").append(kDash).append(verifier_.name).append(" ").append(to_base64(bytes)).append("\n");
}

Result<NoteVerifier> NoteVerifier::parse(std::string_view text) {
  const auto refuse = [&](const char* what) {
    return fail(ErrorCode::kInvalidArgument, what, std::string(text),
                "as `keyfold audit logs` shows it: name+8 hex digits+base64");
  };
  const std::size_t first = text.find('+');
  const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return refuse("this is no verifier key");
  const auto key_id = from_hex(text.substr(first + 1, second - first - 1));
  const auto key = from_base64(text.substr(second + 1));
  const std::string_view name = text.substr(0, first);
  if (!is_name(name) || !key_id || key_id->size() * 2 != kKeyIdDigits || !key || key->empty()) {
    return refuse("this is no verifier key");
  }
  if (key->front() != kEd25519 || key->size() != 1 + kEd25519KeyBytes) {
    return refuse("this kind of verifier key is not known");
  }
  if (*key_id != key_id_bytes(name, *key)) return refuse("the parts of the verifier key don't belong together");
  return NoteVerifier{std::string(name), to_number(*key_id), *key};
}

std::string NoteVerifier::to_string() const { return name + "+" + to_hex(to_bytes(key_id)) + "+" + to_base64(key); }

Result<std::string> open_note(std::string_view note, std::span<const NoteVerifier> verifiers) {
  if (note.size() > kNoteBytesMax) return no_note("a note has more than 1 MiB");
  const std::size_t gap = note.rfind("\n\n");
  if (gap == std::string_view::npos || !is_text(note)) return no_note("this is no signed note");
  const std::string_view text = note.substr(0, gap + 1);
  const auto signatures = parse_signatures(note.substr(gap + 2));
  if (!signatures) return tl::unexpected(signatures.error());
  bool is_signed = false;
  for (const Signature& signature : *signatures) {
    for (const NoteVerifier& verifier : verifiers) {
      if (verifier.key_id != signature.key_id || verifier.name != signature.name) continue;
      if (!has_signed(verifier, text, signature.bytes)) {
        return fail(ErrorCode::kDataLoss, "the signature of a note is wrong", verifier.name);
      }
      is_signed = true;
    }
  }
  if (!is_signed) {
    return fail(ErrorCode::kDataLoss, "a note is not signed by the key that is expected",
                verifiers.empty() ? std::string() : verifiers.front().to_string());
  }
  return std::string(text);
}

}  // namespace keyfold::events
