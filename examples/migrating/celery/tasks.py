"""Functions as they stand under `@app.task` in a Celery application, without the decorator."""


def add(x, y):
    return x + y


def send_report(recipient):
    return f"sent to {recipient}"


def refresh_prices():
    return "refreshed"


def sync():
    return "synchronised"


def poll():
    return "polled"


def launch():
    return "launched"
