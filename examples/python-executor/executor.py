"""An executor that is not Tickline's own: runs what is due on the external queue "python", and reports what it came to."""

import os
import signal
import socket
import sys

from confluent_kafka import Consumer, Producer
from tickline_events import KAFKA, now, read, say

NAME = f"python-{socket.gethostname()}-{os.getpid()}"  # Its own name, the same in all reports of an attempt.


def greet(params, attempt):
    if attempt <= params.get("failures", 0):
        raise RuntimeError(f"attempt {attempt} fails on purpose")
    return {"said": f"hello {params.get('who', 'world')}"}


HANDLERS = {"greet": greet}


def run(due):
    if due["handler"] not in HANDLERS:
        return {"state": "failed", "output": None, "error": {"code": "unknown_handler", "message": due["handler"], "retryable": False}}
    try:
        return {"state": "succeeded", "output": HANDLERS[due["handler"]](due["params"], due["attempt"]), "error": None}
    except Exception as fault:
        return {"state": "failed", "output": None, "error": {"code": type(fault).__name__, "message": str(fault), "retryable": True}}


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
producer = Producer(KAFKA)
consumer = Consumer({**KAFKA, "group.id": "python-executor", "auto.offset.reset": "earliest", "enable.auto.commit": False})
consumer.subscribe(["tickline.due.python"])
seen = set()  # JobDue comes again until Tickline has read that the attempt began.
try:
    while True:
        message = consumer.poll(1.0)
        if message is None or message.error():
            continue
        _, tenant, due = read(message)
        attempt = (due["runId"], due["attempt"])
        if attempt in seen:
            continue
        seen.add(attempt)
        about = {"source": NAME, "subject": due["jobId"], "tenant": tenant}
        say(producer, "tickline.reports", "JobStarted", {**due, "startedAt": now(), "executor": NAME}, **about)
        producer.flush()
        consumer.commit(message)  # Before the work: should this process die in it, Tickline makes another attempt.
        result = run(due)
        print(due["jobId"], *attempt, result["state"], flush=True)
        say(producer, "tickline.reports", "JobCompleted", {**due, **result, "count": 1, "finishedAt": now()}, **about)
        producer.flush()
finally:
    consumer.close()  # Others of the group take over at once.
