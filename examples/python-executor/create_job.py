"""Asks Tickline for a job by a command on Kafka, and prints the reply. Usage: python create_job.py [id of the job [id of the command]]"""

import json
import sys
import threading
import uuid

from confluent_kafka import Producer
from tickline_events import KAFKA, events, reader, say

REPLY_SECONDS_MAX = 30

job_id = sys.argv[1] if len(sys.argv) > 1 else "hello-from-python"
# With the same id a command may be published again and again: it makes one job, and is answered each time.
command_id = sys.argv[2] if len(sys.argv) > 2 else str(uuid.uuid4())
job = {
    "name": "Hello from Python",
    "queue": "python",
    "handler": "greet",
    "params": {"who": "Kafka", "failures": 1},
    "schedule": "every 5s",
    "retry": {"delayMs": 500, "jitter": "none"},
}

replies = reader("tickline.replies", at_end=True)  # Before the command is published, so that its reply is not missed.
say(Producer(KAFKA), "tickline.commands", "CreateJob", {"jobId": job_id, "job": job}, source="create-job", subject=job_id, id=command_id)

late = threading.Event()
timer = threading.Timer(REPLY_SECONDS_MAX, late.set)
timer.daemon = True
timer.start()
for reply in events(replies, late):
    if reply.data["commandId"] == command_id:
        print(reply.type, json.dumps(reply.data, indent=2))
        sys.exit(0 if reply.type == "CommandAnswered" else 1)
sys.exit(f"no reply within {REPLY_SECONDS_MAX} s: is an api running, and does it take its commands from {KAFKA['bootstrap.servers']}?")
