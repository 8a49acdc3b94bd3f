"""The tasks of a Celery application, for the executor in ../../http-executor. A task is called with the params of its job."""

import tasks


class Stopped(Exception):
    """The attempt was asked to end. These tasks do not look for that."""


def takes_params(task):
    return lambda attempt: task(**attempt.run["params"])


TASKS = [tasks.add, tasks.send_report, tasks.refresh_prices, tasks.sync, tasks.poll, tasks.launch]
HANDLERS = {f"tasks.{task.__name__}": takes_params(task) for task in TASKS}
