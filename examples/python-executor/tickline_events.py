"""Events as Tickline has them on Kafka: CloudEvents in headers, and data in JSON, or in Avro where REGISTRY_URL is set."""

import functools
import io
import json
import os
import struct
import urllib.request
import uuid
from datetime import datetime, timezone

KAFKA = {"bootstrap.servers": os.environ.get("KAFKA_BROKERS", "localhost:9092")}
REGISTRY = os.environ.get("REGISTRY_URL")
# Any JSON: in Avro it is JSON text.
JSON_FIELDS = {"params", "output", "job", "result"}


def iso(instant):
    """Instants are ISO 8601 text here, in whichever format they travel."""
    return instant.astimezone(timezone.utc).isoformat(timespec="milliseconds")


def now():
    return iso(datetime.now(timezone.utc))


def say(producer, topic, type, data, *, source, subject=None, tenant="default", id=None):
    """Publishes an event. A repeat of the same thing should carry the same id."""
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
    producer.produce(topic, key=subject, value=_to_avro(type, data) if REGISTRY else json.dumps(data), headers=headers)


def read(message):
    """The type of an event, its tenant, and its data."""
    headers = {name: value.decode() for name, value in message.headers() or []}
    data = _from_avro(message.value()) if headers["content-type"] == "application/avro" else json.loads(message.value())
    return headers["ce_type"], headers["ce_tenantid"], data


def _to_avro(type, data):
    id, schema = _schema(f"/subjects/tickline.events.{type}/versions/latest")
    body = io.BytesIO()
    body.write(struct.pack(">bI", 0, id))  # Confluent's framing: a zero, and the id of the schema.
    _fastavro().schemaless_writer(body, schema, {name: json.dumps(value) if name in JSON_FIELDS else value for name, value in data.items()})
    return body.getvalue()


def _from_avro(value):
    _, schema = _schema(f"/schemas/ids/{struct.unpack('>I', value[1:5])[0]}")
    data = _fastavro().schemaless_reader(io.BytesIO(value[5:]), schema, None)
    return {name: json.loads(field) if name in JSON_FIELDS else field for name, field in data.items()}


@functools.cache
def _schema(path):
    with urllib.request.urlopen(REGISTRY + path, timeout=10) as answer:
        found = json.load(answer)
    return found.get("id"), _fastavro().parse_schema(json.loads(found["schema"]))


@functools.cache
def _fastavro():
    import fastavro

    fastavro.write.LOGICAL_WRITERS["long-timestamp-millis"] = lambda text, *_: round(datetime.fromisoformat(text).timestamp() * 1000)
    fastavro.read.LOGICAL_READERS["long-timestamp-millis"] = lambda ms, *_: iso(datetime.fromtimestamp(ms / 1000, timezone.utc))
    return fastavro
