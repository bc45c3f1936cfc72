#!/usr/bin/python3
"""Prints the events of a keyfold log on Kafka, each as a line of JSON, exactly as every keyfold node reads them.

What a consumer must know is in docs/consumers.md; `Chain.accept` below is all of it. Needs Debian's
python3-confluent-kafka and python3-protobuf, and the messages of schemas/ compiled for Python:

    protoc -I schemas --python_out=DIR schemas/keyfold/v1/*.proto
    docs/consume.py --brokers HOST:9092 --schemas DIR
"""

import argparse
import hashlib
import json
import sys

from confluent_kafka import Consumer, TopicPartition
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError


class Chain:
    """One partition's events. Feed it every record in order of offsets, from the first on."""

    def __init__(self, partition, header_type):
        self.partition, self.header_type = partition, header_type
        self.whole = self.head = (0, 0, bytes(32))  # next sequence, writer's epoch, hash of the last event
        self.held = []  # of a batch whose end has not come yet

    def accept(self, header_bytes, payload):
        """The events that count now: none for a void record, or for one that waits for the rest of its batch."""
        header = self.parse(header_bytes, payload)
        if header is None:
            return []
        begins, opens = header.batch_index == 0, header.type == "PartitionOpened"
        if begins:  # a writer that left a batch torn is followed by another one
            torn = self.held and header.epoch <= self.head[1]
        else:
            torn = header.batch_index != len(self.held) or header.batch_size != self.held[0][0].batch_size
        sequence, epoch, last_hash = self.whole if begins else self.head
        follows = header.sequence == sequence and header.previous_hash == last_hash
        if torn or not follows or not (header.epoch > epoch if opens else header.epoch == epoch):
            return []
        self.head = (sequence + 1, header.epoch, hashlib.sha256(b"\0" + header_bytes).digest())
        self.held = ([] if begins else self.held) + [(header, payload)]
        if header.batch_index + 1 < header.batch_size:
            return []
        self.whole, batch, self.held = self.head, self.held, []
        return batch

    def parse(self, header_bytes, payload):
        """The record's header; None when it is no event of this partition."""
        if not header_bytes or len(header_bytes) > 65_535 or len(payload) > 16 << 20:
            return None
        try:
            header = self.header_type.FromString(header_bytes)
        except DecodeError:
            return None
        is_sound = header.partition == self.partition and header.payload_hash == hashlib.sha256(payload).digest()
        return header if is_sound else None


def to_line(header, payload):
    event = MessageToDict(payload, preserving_proto_field_name=True)
    return json.dumps(
        {
            "position": f"{header.partition}:{header.sequence}",
            "event_id": header.event_id.hex(),
            "type": header.type,
            "workspace_id": header.workspace_id,
            "time_ms": header.time_ms,
            "event": next(iter(event.values()), {}),
        }
    )


def envelope_of(message):
    return dict(message.headers() or []).get("keyfold-header")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--prefix", default="keyfold", help="of the topics (kafka.topic_prefix)")
    parser.add_argument("--schemas", required=True, help="directory of the compiled messages")
    parser.add_argument("--until-end", action="store_true", help="stop at what is the end of the topic now")
    options = parser.parse_args()
    sys.path.insert(0, options.schemas)
    from keyfold.v1 import event_pb2

    # A consumer outside any group: it keeps for itself how far it has come.
    consumer = Consumer({"bootstrap.servers": options.brokers, "group.id": "none", "enable.auto.commit": False})
    topic = options.prefix + ".events"
    found = consumer.list_topics(topic, timeout=30).topics[topic]
    if found.error:
        sys.exit(f"consume.py: {topic}: {found.error}")
    numbers = sorted(found.partitions)
    chains = {number: Chain(number, event_pb2.EventHeader) for number in numbers}
    ends = {number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=30)[1] for number in numbers}
    open_ends = {number for number in numbers if ends[number] > 0}
    consumer.assign([TopicPartition(topic, number, 0) for number in numbers])
    while open_ends or not options.until_end:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error():
            sys.exit(f"consume.py: {message.error()}")
        number = message.partition()
        for header, payload in chains[number].accept(envelope_of(message), message.value() or b""):
            print(to_line(header, event_pb2.Payload.FromString(payload)), flush=True)
        if message.offset() + 1 >= ends[number]:
            open_ends.discard(number)
    consumer.close()


if __name__ == "__main__":
    main()
