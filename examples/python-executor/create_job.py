"""Asks Tickline for a job by a command on Kafka, and prints the reply. Usage: python create_job.py [id of the job]"""

import json
import sys
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition
from tickline_events import KAFKA, read, say

job_id = sys.argv[1] if len(sys.argv) > 1 else "hello-from-python"
job = {
    "name": "Hello from Python",
    "queue": "python",
    "handler": "greet",
    "params": {"who": "Kafka", "failures": 1},
    "schedule": "every 5s",
    "retry": {"delayMs": 500, "jitter": "none"},
}

# Replies are read from where they end now, so that none is missed and none of others is waited for.
replies = Consumer({**KAFKA, "group.id": f"create-job-{uuid.uuid4()}", "enable.auto.commit": False})
partitions = replies.list_topics("tickline.replies", 10).topics["tickline.replies"].partitions
ends = [(partition, replies.get_watermark_offsets(TopicPartition("tickline.replies", partition), 10)[1]) for partition in partitions]
replies.assign([TopicPartition("tickline.replies", partition, offset) for partition, offset in ends])

# The id of the command: with the same one it may be published again and again, and makes one job.
command_id = str(uuid.uuid4())
producer = Producer(KAFKA)
say(producer, "tickline.commands", "CreateJob", {"jobId": job_id, "job": job}, source="create-job", subject=job_id, id=command_id)
producer.flush()

while True:
    message = replies.poll(1.0)
    if message is None or message.error():
        continue
    type, _, reply = read(message)
    if reply["commandId"] == command_id:
        print(type, json.dumps(reply, indent=2, default=str))
        sys.exit(0 if type == "CommandAnswered" else 1)
