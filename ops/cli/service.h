#pragma once

#include <memory>
#include <string>

#include "keyfold/v1/config.pb.h"
#include "ops/cli/bootstrap.h"
#include "schemas/base/result.h"

namespace keyfold::ops {

/// `keyfold serve`: a node with its listeners and housekeeping. `open`, `bootstrap` if wanted, `announce`, wait for
/// the stop signal, `stop`.
class Service {
 public:
  /// Opens the data directory, binds both listeners and takes requests.
  [[nodiscard]] static Result<std::unique_ptr<Service>> open(const v1::Config& config);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  [[nodiscard]] std::string address() const;
  [[nodiscard]] std::string operator_address() const;

  [[nodiscard]] Result<std::optional<Bootstrapped>> bootstrap(const std::string& workspace_name);
  /// Tells other processes where the server is: DATA/runtime.json and /health/ready.
  [[nodiscard]] Status announce();
  /// Lets requests and commands in flight finish, then closes everything.
  [[nodiscard]] Status stop();

 private:
  Service();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace keyfold::ops
