"""What this executor can do, by name. A handler gets the data of JobDue, and returns any JSON; it fails by raising."""

import json
import urllib.request


def greet(due):
    if due["attempt"] <= due["params"].get("failures", 0):
        raise RuntimeError(f"attempt {due['attempt']} fails on purpose")
    return {"said": f"hello {due['params'].get('who', 'world')}"}


def call(due):
    """Posts `body` to `url`. The id of the run, the same on every attempt, lets the target tell what it has done already."""
    headers = {"content-type": "application/json", "idempotency-key": due["runId"]}
    request = urllib.request.Request(due["params"]["url"], json.dumps(due["params"].get("body")).encode(), headers)
    with urllib.request.urlopen(request, timeout=due["timeoutMs"] / 1000) as answer:
        return {"status": answer.status}


HANDLERS = {"greet": greet, "call": call}
