"""Events as Tickline has them on Kafka: CloudEvents in headers, and data in JSON, or in Avro where REGISTRY_URL is set."""

import functools
import io
import json
import os
import struct
import sys
import threading
import urllib.request
import uuid
from datetime import datetime, timezone
from typing import Any, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

KAFKA = {"bootstrap.servers": os.environ.get("KAFKA_BROKERS", "localhost:9092")}
REGISTRY = os.environ.get("REGISTRY_URL")
# Any JSON: in Avro it is JSON text.
JSON_FIELDS = {"params", "output", "job", "result"}


class Event(NamedTuple):
    type: str
    tenant: str
    data: dict[str, Any]
    schema: str | None  # The name in the registry of what it was written by; None: it is JSON.
    message: Message


def iso(instant):
    """Instants are ISO 8601 text here, in whichever format they travel."""
    return instant.astimezone(timezone.utc).isoformat(timespec="milliseconds")


def now():
    return iso(datetime.now(timezone.utc))


def say(producer, topic, type, data, *, source, subject=None, tenant="default", id=None):
    """Publishes an event, and returns when the broker has it. A repeat of the same thing should carry the same id."""
    headers = {
        "content-type": "application/avro" if REGISTRY else "application/json",
        "ce_specversion": "1.0",
        "ce_id": id or str(uuid.uuid4()),
        "ce_type": type,
        "ce_source": source,
        "ce_time": now(),
        "ce_tenantid": tenant,
        **({"ce_subject": subject} if subject else {}),
    }
    faults = []
    value = _to_avro(type, data) if REGISTRY else json.dumps(data)
    producer.produce(topic, key=subject, value=value, headers=headers, on_delivery=lambda fault, _: fault and faults.append(fault))
    producer.flush()
    if faults:
        raise RuntimeError(f"{type} was not published on {topic}: {faults[0]}")


def events(consumer, stop=threading.Event()):
    """Events as they come, until `stop` is set. What is wrong with the broker or a topic is said; the client tries again by itself."""
    while not stop.is_set():
        message = consumer.poll(0.5)
        if message is not None and message.error():
            print(message.error(), file=sys.stderr, flush=True)
        elif message is not None:
            yield read(message)


def reader(*topics, at_end=False):
    """Reads all of these topics for itself, as one that is in no group: from their first message, or from where they end now."""
    consumer = Consumer({**KAFKA, "group.id": "reader", "enable.auto.commit": False})
    known = consumer.list_topics(timeout=10).topics
    for topic in topics:
        if topic not in known:
            sys.exit(f"there is no topic {topic}: run `npm run topics`, with the same EXTERNAL_QUEUES as all of Tickline")
    places = [TopicPartition(topic, partition, OFFSET_BEGINNING) for topic in topics for partition in known[topic].partitions]
    if at_end:
        for place in places:
            place.offset = consumer.get_watermark_offsets(place, timeout=10)[1]
    consumer.assign(places)
    return consumer


def read(message):
    headers = {name: value.decode() for name, value in message.headers() or []}
    if headers["content-type"] == "application/avro":
        schema, data = _from_avro(message.value())
    else:
        schema, data = None, json.loads(message.value())
    return Event(headers["ce_type"], headers["ce_tenantid"], data, schema, message)


def _to_avro(type, data):
    id, schema = _schema(f"/subjects/tickline.events.{type}/versions/latest")
    body = io.BytesIO()
    body.write(struct.pack(">bI", 0, id))  # Confluent's framing: a zero, and the id of the schema.
    _fastavro().schemaless_writer(body, schema, {name: json.dumps(value) if name in JSON_FIELDS else value for name, value in data.items()})
    return body.getvalue()


def _from_avro(value):
    _, schema = _schema(f"/schemas/ids/{struct.unpack('>I', value[1:5])[0]}")  # As it was when this was written.
    data = _fastavro().schemaless_reader(io.BytesIO(value[5:]), schema, None)
    return schema["name"], {name: json.loads(field) if name in JSON_FIELDS else field for name, field in data.items()}


@functools.cache
def _schema(path):
    if not REGISTRY:
        sys.exit("messages are in Avro: set REGISTRY_URL to the registry that Tickline has")
    try:
        with urllib.request.urlopen(REGISTRY + path, timeout=10) as answer:
            found = json.load(answer)
    except OSError as fault:
        sys.exit(f"{REGISTRY + path}: {fault}. Is that the registry of Tickline, and has Tickline been started with it?")
    return found.get("id"), _fastavro().parse_schema(json.loads(found["schema"]))


@functools.cache
def _fastavro():
    import fastavro

    fastavro.write.LOGICAL_WRITERS["long-timestamp-millis"] = lambda text, *_: round(datetime.fromisoformat(text).timestamp() * 1000)
    fastavro.read.LOGICAL_READERS["long-timestamp-millis"] = lambda ms, *_: iso(datetime.fromtimestamp(ms / 1000, timezone.utc))
    return fastavro
