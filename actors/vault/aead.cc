#include "actors/vault/aead.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstdint>
#include <memory>

#include "schemas/base/random.h"

namespace keyfold::actors {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

/// Fetched once: a look-up by name takes longer than encrypting a short text.
const EVP_CIPHER* cipher() {
  static EVP_CIPHER* const kCipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return kCipher;
}

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

tl::unexpected<Error> engine_failed() { return fail(ErrorCode::kInternal, "OpenSSL refused to run AES-256-GCM"); }

}  // namespace

Result<AeadBox> aead_seal(std::string_view key, std::string_view additional_data, std::string_view plaintext) {
  if (plaintext.size() > kAeadPlaintextBytesMax) {
    return fail(ErrorCode::kInvalidArgument, "the text is too large to be sealed");
  }
  AeadBox box{std::string(kAeadNonceBytes, '\0'), std::string(plaintext.size() + kAeadTagBytes, '\0')};
  fill_random({bytes(box.nonce), box.nonce.size()});
  const Context context(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool sealed = key.size() == kAeadKeyBytes && context &&
                      EVP_EncryptInit_ex2(context.get(), cipher(), bytes(key), bytes(box.nonce), nullptr) == 1 &&
                      EVP_EncryptUpdate(context.get(), nullptr, &written, bytes(additional_data),
                                        static_cast<int>(additional_data.size())) == 1 &&
                      EVP_EncryptUpdate(context.get(), bytes(box.ciphertext), &written, bytes(plaintext),
                                        static_cast<int>(plaintext.size())) == 1 &&
                      EVP_EncryptFinal_ex(context.get(), bytes(box.ciphertext) + plaintext.size(), &written) == 1 &&
                      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes,
                                          bytes(box.ciphertext) + plaintext.size()) == 1;
  if (!sealed) return engine_failed();
  return box;
}

Result<std::string> aead_open(std::string_view key, std::string_view additional_data, std::string_view nonce,
                              std::string_view ciphertext) {
  if (nonce.size() != kAeadNonceBytes || ciphertext.size() < kAeadTagBytes ||
      ciphertext.size() > kAeadPlaintextBytesMax + kAeadTagBytes) {
    return fail(ErrorCode::kDataLoss, "a sealed text is damaged");
  }
  std::string tag(ciphertext.substr(ciphertext.size() - kAeadTagBytes));
  ciphertext.remove_suffix(kAeadTagBytes);
  std::string plaintext(ciphertext.size(), '\0');
  const Context context(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool ready = key.size() == kAeadKeyBytes && context &&
                     EVP_DecryptInit_ex2(context.get(), cipher(), bytes(key), bytes(nonce), nullptr) == 1 &&
                     EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, tag.data()) == 1 &&
                     EVP_DecryptUpdate(context.get(), nullptr, &written, bytes(additional_data),
                                       static_cast<int>(additional_data.size())) == 1 &&
                     EVP_DecryptUpdate(context.get(), bytes(plaintext), &written, bytes(ciphertext),
                                       static_cast<int>(ciphertext.size())) == 1;
  if (!ready) return engine_failed();
  if (EVP_DecryptFinal_ex(context.get(), bytes(plaintext) + plaintext.size(), &written) != 1) {
    OPENSSL_cleanse(plaintext.data(), plaintext.size());
    return fail(ErrorCode::kDataLoss, "a sealed text is damaged, or belongs elsewhere");
  }
  return plaintext;
}

std::string join_with_lengths(std::initializer_list<std::string_view> parts) {
  std::string joined;
  for (const std::string_view part : parts) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      joined += static_cast<char>(static_cast<std::uint64_t>(part.size()) >> shift & 0xff);
    }
    joined += part;
  }
  return joined;
}

}  // namespace keyfold::actors
