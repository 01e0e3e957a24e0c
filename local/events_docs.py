"""The documents of the events for other applications: docs/events.md, and a JSON Schema for each type."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import msgspec

from shared.calls.published import EVENTS, CallConnected, CallEvent, PublishedEvent, cloud_event

EXAMPLE_ID = "2f1cbe3a-5c0b-5d4e-9f0a-6a5f0c2f9a41"

EXAMPLES: dict[str, Any] = {
    "callId": "20261121-00112233445566778899aabbccddeeff",
    "visit": "lookup.1",
    "choices": ["premium", "support"],
    "deadline": "2026-11-21T09:00:12.250000Z",
    "account": "11111111-1111-4111-8111-111111111111",
    "tenant": "c0000000-0000-4000-8000-000000000001",
    "planId": "11111111-1111-4111-8111-111111111111",
    "planVersion": 3,
    "visits": ["account.1", "lookup.1"],
    "sequence": 1,
    "direction": "inbound",
    "calledAt": "2026-11-21T09:00:00Z",
    "caller": None,
    "callerName": None,
    "connectedAt": "2026-11-21T09:00:01.520000Z",
    "endedAt": "2026-11-21T09:02:40.080000Z",
    "state": "missed",
    "before": "account.1",
    "agent": "22222222-2222-4222-8222-222222222222",
    "status": "archived",
    "recording": "4b1f0c2e",
    "files": 1,
}
SEQUENCES = {
    "CallConnected": 1,
    "StepReached": 3,
    "AgentRang": 4,
    "AgentConnected": 5,
    "CallEnded": 6,
    "CallArchived": 7,
}
TIMES = {
    "CallConnected": "2026-11-21T09:00:01.520000Z",
    "CallNotConnected": "2026-11-21T09:00:35.000000Z",
    "AgentRang": "2026-11-21T09:00:12.900000Z",
    "AgentConnected": "2026-11-21T09:00:17.250000Z",
    "CallEnded": "2026-11-21T09:02:40.080000Z",
    "CallArchived": "2026-11-21T09:02:58.410000Z",
}
COMMON = tuple(each.encode_name for each in msgspec.structs.fields(CallEvent))
INTRODUCTION = """# Events for other applications

Generated from `shared/calls/published.py` by `make docs`; do not edit.

The app publishes these CloudEvents (1.0, structured JSON) on the custom topic that its own events are on. Subscribe to
the topic and filter by `type`: a subscription without a filter gets the callbacks of the platform too. A subscriber of
some twenty lines, a list of calls, is in [samples/call_list](../samples/call_list/README.md): `make demo SCENARIO=crm`.

```sh
az eventgrid event-subscription create --name my-crm --source-resource-id "$EVENTS_TOPIC_ID" \\
  --endpoint "$CRM_APP_ID/functions/note" --endpoint-type azurefunction \\
  --event-delivery-schema cloudeventschemav1_0 \\
  --included-event-types TeamsPhone.CallConnected TeamsPhone.AgentConnected TeamsPhone.CallEnded
```

- **At least once, in any order.** An event that is delivered or published again has the same `id`: ignore one that you
  know. The app records an event in the call's row before it publishes it, and tries for most of a day until the topic
  accepts it. Event Grid delivers it for a day: a subscriber that is down for an hour misses nothing.
- **Order.** `sequence` counts the events of a call from 1 without gaps, as the app records them; a missing number shows
  that an event is still to come. `time` is when it happened. The platform can report what happened earlier after what
  happened later.
- **No phone numbers, no names, no digits.** Topics have many readers, and dead letters are kept. The API has all of
  these, for those who may see the call: `GET /calls/{callId}`, `GET /calls/{callId}/steps`. With
  `CALL_EVENTS=with-callers`, the events of calls have the caller's number and display name. Digits that were collected
  are in no event.
- **`source`** is `/calls/{callId}`. New fields can be added: ignore those that you do not know.
- **`CALL_EVENTS=off`** stops all of them except DecisionRequested, which a plan asks for ([settings.md](settings.md)).
  Calls to accounts of other applications have none.

## Fields of all events of calls

All types but DecisionRequested have these:

{common}"""


def page() -> str:
    introduction = INTRODUCTION.replace("{common}", "\n".join(_table(CallConnected, COMMON)))
    return "\n".join([introduction, *(line for each in EVENTS for line in _section(each)), ""])


def _section(event: type[PublishedEvent]) -> list[str]:
    schema = _schema(event)
    own = [name for name in schema["properties"] if not issubclass(event, CallEvent) or name not in COMMON]
    return [
        "",
        f"## {event.__name__}",
        "",
        schema["description"],
        "",
        f"The data ([JSON Schema](events/{event.__name__}.schema.json)):",
        "",
        *_table(event, own),
        "",
        "```json",
        json.dumps(_example(event), indent=2),
        "```",
    ]


def _table(event: type[PublishedEvent], names: Iterable[str]) -> list[str]:
    fields = _schema(event)["properties"]
    rows = [f"| `{name}` | {_type(fields[name])} | {fields[name]['description']} |" for name in names]
    return ["| field | type | meaning |", "|---|---|---|", *rows]


def _schema(event: type[PublishedEvent]) -> dict[str, Any]:
    _, components = msgspec.json.schema_components([event])
    schema: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= components[event.__name__]
    return schema | {"description": inspect.cleandoc(event.__doc__ or "")}


def _type(field: dict[str, Any]) -> str:
    """``string or null``, ``array of string``, the values of an enumeration."""
    if "anyOf" in field:
        return " or ".join(_type(each) for each in field["anyOf"])
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if field["type"] == "array":
        return f"array of {_type(field['items'])}"
    return f"{field.get('format', field['type'])}"


def _example(event: type[PublishedEvent]) -> dict[str, Any]:
    names = _schema(event)["properties"]
    values = EXAMPLES | {"sequence": SEQUENCES.get(event.__name__, 1)}
    data = msgspec.convert({name: values[name] for name in names}, event)
    return cloud_event(data, EXAMPLE_ID, TIMES.get(event.__name__, "2026-11-21T09:00:07.310000Z"))


def _schema_file(event: type[PublishedEvent]) -> str:
    return json.dumps(_schema(event), indent=2) + "\n"


GENERATED: dict[str, Callable[[], str]] = {
    "docs/events.md": page,
    **{f"docs/events/{each.__name__}.schema.json": partial(_schema_file, each) for each in EVENTS},
}
