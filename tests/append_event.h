#pragma once

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

#include "events/event.h"
#include "events/log.h"

namespace keyfold::testing {

/// Puts an event, in protobuf's text form, at the end of its workspace's partition, as a server before this one would
/// have. Nothing else may write to the log, and read models must be opened anew.
inline void append_event(events::Log& log, const std::string& workspace_id, const std::string& text) {
  v1::Payload payload;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &payload)) << text;
  const auto partition = events::partition_of(workspace_id, log.partitions());
  const events::ChainState chain = log.tail(partition);
  v1::EventHeader header;
  header.set_schema_version(events::kSchemaVersion);
  header.set_workspace_id(workspace_id);
  header.set_partition(partition);
  header.set_sequence(chain.next);
  header.set_epoch(chain.epoch);
  header.set_previous_hash(chain.last_hash.data(), chain.last_hash.size());
  header.set_batch_size(1);
  const events::Append append{partition, chain.next, {events::encode(header, payload)}};
  const Status appended = log.append({&append, 1});
  ASSERT_TRUE(appended) << appended.error().to_string();
}

}  // namespace keyfold::testing
