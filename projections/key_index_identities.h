#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "projections/key_index_interner.h"
#include "projections/key_index_limits.h"
#include "projections/rows.h"
#include "projections/rows.pb.h"

namespace keyfold::projections {

/// Whom a key belongs to. Every text is one view into `text`, because there may be as many identities as keys.
struct Identity {
  std::string
      text;  // identity id, external id, the packed ids of its rate limits behind their size if it has some, meta
  std::uint32_t identity_id_size = 0;
  std::uint32_t external_id_size = 0;
  std::uint32_t limits = 0;  // the number of its set of rate limits
  bool exists = false;       // false: keys name it, but it has no row; they show none

  [[nodiscard]] std::string_view identity_id() const { return std::string_view(text).substr(0, identity_id_size); }
  [[nodiscard]] std::string_view external_id() const {
    return std::string_view(text).substr(identity_id_size, external_id_size);
  }
  [[nodiscard]] std::string_view ratelimit_ids() const {
    const char* at = text.data() + identity_id_size + external_id_size;
    return limits == 0 ? std::string_view() : read_text(at);
  }
  [[nodiscard]] std::string_view meta_json() const {
    const char* at = text.data() + identity_id_size + external_id_size;
    if (limits != 0) (void)read_text(at);
    return {at, static_cast<std::size_t>(text.data() + text.size() - at)};
  }
  [[nodiscard]] std::uint64_t bytes() const { return sizeof(Identity) + text.capacity(); }
};

/// The identities of a partition's keys; number 0 is nobody. One writer; `operator[]` for readers under a ReadGuard.
class Identities {
 public:
  /// The sets of rate limits outlive this.
  Identities(Reclaimer& reclaimer, LimitSets& limits);

  [[nodiscard]] const Identity& operator[](std::uint32_t id) const { return identities_[id]; }

  /// The identity of that id, held once more. An empty id is nobody's.
  [[nodiscard]] std::uint32_t hold(const std::string& identity_id, const RowReader& rows);
  void release(std::uint32_t id);
  /// Takes note of an identity's row; no value: there is none any more.
  void change(std::string_view identity_id, const std::optional<std::string>& value);

  [[nodiscard]] std::uint64_t bytes() const;

 private:
  // The numbers are found by the id in their value: a copy of it here would cost more than the number does. Not
  // noexcept, which makes the set keep each hash instead of reading all values again when it grows.
  struct Hash {
    using is_transparent = void;
    const Interner<Identity>* identities;
    std::size_t operator()(std::string_view identity_id) const { return std::hash<std::string_view>()(identity_id); }
    std::size_t operator()(std::uint32_t id) const { return (*this)((*identities)[id].identity_id()); }
  };
  struct Equal {
    using is_transparent = void;
    const Interner<Identity>* identities;
    bool operator()(std::uint32_t a, std::uint32_t b) const { return a == b; }
    bool operator()(std::uint32_t a, std::string_view b) const { return (*identities)[a].identity_id() == b; }
    bool operator()(std::string_view a, std::uint32_t b) const { return (*this)(b, a); }
  };

  [[nodiscard]] std::unique_ptr<const Identity> make(std::string_view identity_id,
                                                     const std::optional<rows::IdentityRow>& row);

  LimitSets* limits_;
  Interner<Identity> identities_;
  std::unordered_set<std::uint32_t, Hash, Equal> by_id_;
};

}  // namespace keyfold::projections
