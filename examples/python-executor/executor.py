"""An executor that is not Tickline's own: runs what is due on the external queue "python", and reports what it came to."""

import os
import signal
import socket
import sys
import threading

from confluent_kafka import Consumer, KafkaException, Producer
from handlers import HANDLERS
from tickline_events import KAFKA, events, now, say

NAME = f"python-{socket.gethostname()}-{os.getpid()}"  # Its own name, the same in all reports of an attempt.
stop = threading.Event()  # A signal lets the attempt at hand end; what is due next is for others.
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: stop.set())


def commit(message):
    """Returns when the broker has it. A commit in the background is lost with the process, and the next one would run the attempt again."""
    try:
        consumer.commit(message, asynchronous=False)
    except KafkaException as fault:  # Its partition is another's by now: the attempt stays this one's, which reported its start first.
        print(f"not committed: {fault}", file=sys.stderr, flush=True)


def run(due):
    try:
        return {"state": "succeeded", "output": HANDLERS[due["handler"]](due), "error": None}
    except Exception as fault:
        error = {"code": type(fault).__name__, "message": str(fault), "retryable": due["handler"] in HANDLERS}
        return {"state": "failed", "output": None, "error": error}


producer = Producer(KAFKA)
own = {"group.id": "python-executor", "auto.offset.reset": "earliest", "enable.auto.commit": False, "session.timeout.ms": 10_000}
consumer = Consumer({**KAFKA, **own})
consumer.subscribe(["tickline.due.python"])
seen = set()  # JobDue comes again until Tickline has read that the attempt began.
for type_, tenant, due, _, message in events(consumer, stop):
    attempt = (due.get("runId"), due.get("attempt"))
    if type_ != "JobDue" or attempt in seen:
        continue
    seen.add(attempt)
    about = {"source": NAME, "subject": due["jobId"], "tenant": tenant}
    say(producer, "tickline.reports", "JobStarted", {**due, "startedAt": now(), "executor": NAME}, **about)
    commit(message)  # Before the work: should this process die in it, Tickline makes another attempt.
    result = run(due)
    print(due["jobId"], *attempt, result["state"], flush=True)
    say(producer, "tickline.reports", "JobCompleted", {**due, **result, "count": 1, "finishedAt": now()}, **about)
consumer.close()  # Others of the group take over at once.
