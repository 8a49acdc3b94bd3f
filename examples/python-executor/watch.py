"""Prints events, a line of JSON each: first all that the topics still have, then what comes. Usage: python watch.py [topic …]"""

import json
import sys

from tickline_events import events, reader

try:
    for event in events(reader(*(sys.argv[1:] or ["tickline.due.python", "tickline.runs"]))):
        print(json.dumps({"topic": event.message.topic(), "type": event.type, "schema": event.schema, **event.data}), flush=True)
except KeyboardInterrupt:
    pass
