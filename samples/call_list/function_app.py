"""A list of calls, kept by the events of calls (docs/events.md): who is in which call, and which are recorded.

An Azure Function for the events, and one that shows the list. In place of the file use the database of your CRM.
"""

import json
import os
import sqlite3
from typing import Any

import azure.functions as func

STATES = {"CallConnected": "connected", "CallEnded": "ended", "CallNotConnected": "not connected"}

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


@app.event_grid_trigger(arg_name="event")
def note(event: func.CloudEvent) -> None:
    """Keep the event. One that comes twice has the same id, and changes nothing."""
    data = event.get_json()
    kind = event.type.removeprefix("TeamsPhone.")
    with events() as table:
        table.execute(
            "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?)", (event.id, data["sequence"], kind, json.dumps(data))
        )


@app.route("calls", methods=["GET"])
def calls(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001  # the binding demands it
    """The calls, each from its events in their order. A number that is missing is still to come."""
    found: dict[str, dict[str, Any]] = {}
    with events() as table:
        for sequence, kind, text in table.execute("SELECT sequence, kind, data FROM events ORDER BY sequence"):
            data = json.loads(text)
            call = found.setdefault(data["callId"], {"call": data["callId"], "state": "", "agents": [], "events": []})
            call["state"] = STATES.get(kind, call["state"])
            call["agents"] += [data["agent"]] if kind == "AgentConnected" else []
            call["recording"] = data["status"] if kind == "CallArchived" else call.get("recording")
            call["events"].append(kind)
            call["complete"] = sequence == len(call["events"])
    return func.HttpResponse(json.dumps(list(found.values())), mimetype="application/json")


def events() -> sqlite3.Connection:
    table = sqlite3.connect(os.environ.get("CALL_LIST", "calls.db"))
    table.execute("CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, sequence INTEGER, kind TEXT, data TEXT)")
    return table
