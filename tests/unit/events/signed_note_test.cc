#include "events/signed_note.h"

#include <gtest/gtest.h>

#include "events/merkle.h"
#include "events/tree_head.h"
#include "schemas/base/encoding.h"

namespace keyfold::events {
namespace {

/// The example of golang.org/x/mod/sumdb/note.
constexpr const char* kExampleKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr const char* kExampleSeed = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr const char* kExampleText =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
constexpr const char* kExampleSignature =
    "\n\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

NoteSigner signer(const std::string& name, char seed = 's') {
  return NoteSigner::make(name, std::string(32, seed)).value();
}

Result<std::string> open(const std::string& note, const NoteVerifier& verifier) {
  return open_note(note, {&verifier, 1});
}

TEST(SignedNote, IsThatOfOtherImplementations) {
  const auto example = NoteSigner::make("PeterNeumann", from_base64(kExampleSeed)->substr(1)).value();
  EXPECT_EQ(example.verifier().to_string(), kExampleKey);
  EXPECT_EQ(example.sign(kExampleText), std::string(kExampleText) + kExampleSignature);
  EXPECT_EQ(open(std::string(kExampleText) + kExampleSignature, NoteVerifier::parse(kExampleKey).value()).value(),
            kExampleText);
}

TEST(SignedNote, OpensWithItsOwnKeyAlone) {
  const NoteSigner mine = signer("example.com/log");
  const std::string note = mine.sign("text\n");
  EXPECT_EQ(open(note, mine.verifier()).value(), "text\n");
  EXPECT_EQ(open(note, signer("example.com/other").verifier()).error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(open(note, signer("example.com/log", 't').verifier()).error().code, ErrorCode::kDataLoss);
}

TEST(SignedNote, PassesOverSignaturesOfOthers) {
  const NoteSigner mine = signer("example.com/log");
  const NoteSigner witness = signer("example.com/witness");
  const std::string signature_of_witness = witness.sign("text\n").substr(6);
  const std::string note = mine.sign("text\n") + signature_of_witness;
  EXPECT_EQ(open(note, mine.verifier()).value(), "text\n");
  EXPECT_EQ(open(note, witness.verifier()).value(), "text\n");
}

TEST(SignedNote, AnyChangedByteIsNoticed) {
  const NoteSigner mine = signer("example.com/log");
  const std::string note = mine.sign("some text\nof two lines\n");
  for (std::size_t i = 0; i < note.size(); ++i) {
    std::string changed = note;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(open(changed, mine.verifier())) << i;
  }
  for (std::size_t size = 0; size < note.size(); ++size) EXPECT_FALSE(open(note.substr(0, size), mine.verifier()));
}

TEST(SignedNote, RefusesWhatIsNoNote) {
  const NoteVerifier verifier = signer("a").verifier();
  const std::string signature = signer("a").sign("text\n").substr(6);
  for (const std::string& text :
       {std::string("text"), "text\n\n" + signature.substr(1), "te\x01xt\n\n" + signature, "te\xffxt\n\n" + signature,
        std::string("text\n\n\u2014 a !!\n"), std::string("text\n\n\u2014 a\n"), std::string(2 << 20, 'x')}) {
    EXPECT_FALSE(open(text, verifier)) << text.substr(0, 40);
  }
}

TEST(SignedNote, RefusesVerifierKeysThatCantBe) {
  const std::string key = signer("example.com/log").verifier().to_string();
  EXPECT_TRUE(NoteVerifier::parse(key));
  std::string other_kind = from_base64(key.substr(key.rfind('+') + 1)).value();
  other_kind[0] = '\x06';
  for (const std::string& text : {std::string(), std::string("a"), std::string("a+b"), "other" + key, key + "A",
                                  std::string("a+00000000+") + to_base64(other_kind)}) {
    EXPECT_FALSE(NoteVerifier::parse(text)) << text;
  }
}

TEST(SignedNote, RefusesNamesThatWouldNotReadBack) {
  for (const char* name : {"", "a b", "a+b", "a\nb"})
    EXPECT_FALSE(NoteSigner::make(name, std::string(32, 's'))) << name;
  EXPECT_FALSE(NoteSigner::make("a", "short"));
}

TEST(TreeHead, ReadsBack) {
  const TreeHead head{"example.com/log", 42, sha256("root")};
  EXPECT_EQ(parse_tree_head(to_text(head)).value(), head);
  EXPECT_EQ(parse_tree_head(to_text(head) + "extension\n").value(), head);
  for (const char* text : {"", "log\n", "log\n1\n", "log\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
                           "log\n1\nAAAA\n", "\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"}) {
    EXPECT_FALSE(parse_tree_head(text)) << text;
  }
}

TEST(TreeHead, CheckpointIsOfTheLogThatSignsIt) {
  const NoteSigner mine = signer("example.com/log");
  const TreeHead other{"example.com/other", 1, sha256("root")};
  EXPECT_EQ(open_checkpoint(mine.sign(to_text(other)), mine.verifier()).error().what,
            "the checkpoint is of another log");
}

TEST(LeafProof, ProvesItsLeafAndReadsBack) {
  const NoteSigner mine = signer("example.com/log");
  const Digest leaf = sha256("leaf");
  const Digest sibling = sha256("sibling");
  const TreeHead head{"example.com/log", 2, node_hash(as_view(leaf), as_view(sibling))};
  const LeafProof proof{0, {sibling}, mine.sign(to_text(head))};
  const LeafProof read = parse_leaf_proof(to_text(proof)).value();
  EXPECT_TRUE(check_leaf_proof(read, leaf, mine.verifier()));
  EXPECT_EQ(check_leaf_proof(read, sibling, mine.verifier()).error().code, ErrorCode::kDataLoss);
  EXPECT_FALSE(check_leaf_proof(read, leaf, signer("example.com/log", 't').verifier()));
  std::string with_extra = to_text(proof);
  with_extra.insert(with_extra.find("index"), "extra AAAA\n");
  EXPECT_TRUE(check_leaf_proof(parse_leaf_proof(with_extra).value(), leaf, mine.verifier()));
  for (const char* text : {"", "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v2\nindex 0\n\n",
                           "c2sp.org/tlog-proof@v1\nindex 00\n\n", "c2sp.org/tlog-proof@v1\nindex 0\nxx\n\n"}) {
    EXPECT_FALSE(parse_leaf_proof(text)) << text;
  }
}

}  // namespace
}  // namespace keyfold::events
