"""An executor over HTTP, with the standard library alone: claims runs of the external queue "python", executes them, and reports how they ended."""

import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from handlers import HANDLERS, Stopped

API = os.environ.get("TICKLINE_URL", "http://127.0.0.1:7070")
QUEUE = os.environ.get("QUEUE", "python")
WORKERS = int(os.environ.get("WORKERS", "4"))
LEASE_MS = int(os.environ.get("LEASE_MS", "30000"))
WAIT_MS = 20_000
NAME = f"python-{socket.gethostname()}-{os.getpid()}"  # Each process needs a name of its own.
RETRY_SECONDS = 1

ending = threading.Event()  # A signal: claim nothing more, and finish what has begun.


def post(deed, body):
    """Sends a request. Each uses a connection of its own: on one connection a heartbeat would wait behind a claim that waits."""
    request = urllib.request.Request(f"{API}/queues/{QUEUE}/{deed}", json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=WAIT_MS / 1000 + 10) as answer:
        return json.load(answer)["runs"]


def explain(fault):
    """A refusal says in its body what is wrong. 429 and 503 pass; any other status below 500 stays until somebody corrects it."""
    if not isinstance(fault, urllib.error.HTTPError):
        return str(fault), True
    text = fault.read().decode(errors="replace")
    return f"{fault.code} {text}", fault.code == 429 or fault.code >= 500


def settle(run, end):
    """Repeats until Tickline has answered: a result that is not delivered would be work done twice. Repeating it is safe."""
    while True:
        try:
            [answer] = post("settle", {"runs": [{"runId": run["runId"], "token": run["token"], **end}]})
            return print(run["jobId"], run["runId"], run["attempt"], end["state"], answer["result"], flush=True)
        except OSError as fault:
            why, passes = explain(fault)
            print(f"not settled: {why}", file=sys.stderr, flush=True)
            if not passes:
                return
            time.sleep(RETRY_SECONDS)


class Attempt:
    """One attempt. `stop` is the reason to end it; a handler looks at it, or waits on `stopped`."""

    def __init__(self, run):
        self.run = run
        self.stop = None
        self.stopped = threading.Event()

    def ask_to_end(self, reason):
        self.stop = reason
        self.stopped.set()

    def execute(self):
        end = self.call_handler()
        if self.stop != "lease_lost":  # Another executor has the run by then.
            settle(self.run, end)

    def call_handler(self):
        handler = HANDLERS.get(self.run["handler"])
        if handler is None:
            return fail("unknown_handler", f"this executor has {', '.join(HANDLERS)}", retryable=False)
        try:
            return {"state": "succeeded", "output": handler(self)}
        except Stopped:
            return {"state": "cancelled"} if self.stop == "cancelled" else fail("timeout", "the attempt was over its time")
        except Exception as fault:
            return fail(type(fault).__name__, str(fault) or "no message", stack=traceback.format_exc())


def fail(code, message, **more):
    return {"state": "failed", "error": {"code": code, "message": message, **more}}


attempts = {}  # By token and run: what this process has begun and not settled.


def keep():
    """Renews the leases, three times in each. What Tickline answers about an attempt is passed on to its handler."""
    while True:
        time.sleep(LEASE_MS / 3000)
        held = list(attempts.values())
        if not held:
            continue
        try:
            kept = post("heartbeat", {"runs": [{"runId": each.run["runId"], "token": each.run["token"]} for each in held]})
        except OSError as fault:
            print(f"no heartbeat: {explain(fault)[0]}", file=sys.stderr, flush=True)
            continue
        for attempt, answer in zip(held, kept):
            if answer["stop"] and not attempt.stop:
                attempt.ask_to_end(answer["stop"])


def begin(pool, free, run):
    key = (run["runId"], run["token"])
    attempts[key] = attempt = Attempt(run)

    def work():
        try:
            attempt.execute()
        finally:
            attempts.pop(key)
            free.release()

    pool.submit(work)


def main():
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ending.set())
    threading.Thread(target=keep, daemon=True).start()
    free = threading.Semaphore(WORKERS)
    print(f"{NAME} takes runs of {QUEUE} from {API}", flush=True)
    with ThreadPoolExecutor(WORKERS) as pool:  # On the way out it waits for what has begun.
        while not ending.is_set():
            if not free.acquire(timeout=1):
                continue
            body = {"executor": NAME, "handlers": list(HANDLERS), "limit": 1, "waitMs": WAIT_MS, "leaseMs": LEASE_MS}
            try:
                runs = post("claim", body)
            except OSError as fault:
                why, passes = explain(fault)
                if not passes:
                    sys.exit(f"Tickline refuses the claim: {why}")
                print(f"nothing claimed: {why}", file=sys.stderr, flush=True)
                ending.wait(RETRY_SECONDS)
                runs = []
            if runs and not ending.is_set():
                begin(pool, free, runs[0])
                continue
            free.release()
            for run in runs:  # The signal came while the claim waited: the run is for another executor, at once.
                settle(run, {"state": "released"})


if __name__ == "__main__":
    main()
