"""A step of your own: the account number that a caller has entered decides who is rung.

An Azure Function for the event DecisionRequested (docs/events.md). In place of the dictionary ask your CRM.
"""

import json
import os
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import azure.functions as func

PREMIUM = {"12345678"}  # account numbers
TOO_LATE = 409  # the call has gone on without a decision

app = func.FunctionApp()


@app.event_grid_trigger(arg_name="event")
def decide(event: func.CloudEvent) -> None:
    asked = event.get_json()
    steps = request("GET", f"calls/{asked['callId']}/steps")["value"]
    number = next((step["digits"] for step in reversed(steps) if step["digits"]), "")
    choice = "premium" if number in PREMIUM else "support"
    try:
        request("POST", f"calls/{asked['callId']}/steps/{asked['visit']}", {"choice": choice})
    except HTTPError as error:
        if error.code != TOO_LATE:
            raise  # Event Grid delivers the event again


def request(method: str, path: str, body: Any = None) -> Any:
    headers = {"x-functions-key": os.environ["CALLS_API_KEY"], "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"{os.environ['CALLS_API']}/{path}", data, headers, method=method), timeout=5) as answer:
        return json.load(answer)
