#include "actors/partition_actor.h"

namespace keyfold::actors {

caf::behavior partition_actor(caf::event_based_actor* self, const std::shared_ptr<PartitionWriter>& writer) {
  return {
      [writer](const SubmissionPtr& submission) {
        after_receiving(submission.get());
        writer->submit(std::move(submission->command), std::move(submission->sink));
      },
      [writer](const DurablePtr& durable) {
        after_receiving(durable.get());
        if (durable->status) {
          writer->on_durable(durable->next);
        } else {
          writer->on_failure();
        }
      },
      [self](Stop) { self->quit(); },
  };
}

}  // namespace keyfold::actors
