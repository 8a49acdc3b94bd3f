"""What this executor can do, by name. A handler gets the attempt and returns any JSON; it fails by raising."""

import json
import urllib.request


class Stopped(Exception):
    """The attempt was asked to end: its run was cancelled, it is over its time, or its lease is lost."""


def greet(attempt):
    run = attempt.run
    if run["attempt"] <= run["params"].get("failures", 0):
        raise RuntimeError(f"attempt {run['attempt']} fails on purpose")
    return {"said": f"hello {run['params'].get('who', 'world')}"}


def call(attempt):
    """Posts `body` to `url`. The id of the run, the same on every attempt, lets the target tell what it has done already."""
    run = attempt.run
    headers = {"content-type": "application/json", "idempotency-key": run["idempotencyKey"]}
    request = urllib.request.Request(run["params"]["url"], json.dumps(run["params"].get("body")).encode(), headers)
    with urllib.request.urlopen(request, timeout=run["timeoutMs"] / 1000) as answer:
        return {"status": answer.status}


def wait(attempt):
    """Waits for so many `seconds`, and ends at once when it is asked to."""
    if attempt.stopped.wait(attempt.run["params"]["seconds"]):
        raise Stopped
    return {"waited": attempt.run["params"]["seconds"]}


HANDLERS = {"greet": greet, "call": call, "wait": wait}
