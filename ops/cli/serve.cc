#include "ops/cli/serve.h"

#include <ostream>

#include "ops/cli/first_steps.h"
#include "ops/cli/node.h"
#include "ops/cli/open_files.h"
#include "ops/cli/service.h"
#include "ops/cli/stop_signals.h"

namespace keyfold::ops {
namespace {

std::string credentials(const Bootstrapped& made) {
  return "workspace: " + made.workspace_id + "\nroot key: " + made.root_key + "\n";
}

/// Everything in one write: who reads the output by lines finds the root key when it finds the address.
Status print_start(Service& service, FirstStart first_start, std::ostream& out) {
  std::string text = "address: " + service.address() + "\noperator: " + service.operator_address() + "\n";
  if (first_start == FirstStart::kBootstrap) {
    const auto made = service.bootstrap(kFirstWorkspaceName);
    if (!made) return tl::unexpected(made.error());
    if (*made) {
      text += credentials(**made) + "\nThe root key is shown only now: keep it. To try it, paste these lines:\n\n" +
              first_steps(service.address(), (*made)->root_key) + "\n";
    }
  }
  out << text << std::flush;
  return {};
}

}  // namespace

Status serve(const v1::Config& config, FirstStart first_start, std::ostream& out) {
  StopSignals signals;
  raise_open_files_limit(config.server().connections_max());
  auto service = Service::open(config);
  if (!service) return tl::unexpected(service.error());
  if (Status announced = (*service)->announce(); !announced) return announced;
  if (Status printed = print_start(**service, first_start, out); !printed) return printed;
  signals.wait();
  return (*service)->stop();
}

Status bootstrap_directory(const v1::Config& config, const std::string& workspace_name, std::ostream& out) {
  auto node = Node::open(config);
  if (!node) return tl::unexpected(node.error());
  const auto made = bootstrap((*node)->projections(), (*node)->runtime(), (*node)->clock(), workspace_name);
  if (!made) return tl::unexpected(made.error());
  if (*made) {
    out << credentials(**made) << "The root key is shown only now: keep it.\n";
  } else {
    out << "bootstrapped before: nothing was changed\n";
  }
  out.flush();
  return (*node)->close();
}

}  // namespace keyfold::ops
