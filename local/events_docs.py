"""The documents of the events for other applications: docs/events.md, and a JSON Schema for each type."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from shared.calls.published import EVENTS, PublishedEvent, cloud_event

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
}
INTRODUCTION = """# Events for other applications

Generated from `shared/calls/published.py` by `make docs`; do not edit.

The app publishes these CloudEvents (1.0, structured JSON) on the custom topic that its own events are on. Subscribe to
the topic and filter by `type`: a subscription without a filter gets the callbacks of the platform too.

```sh
az eventgrid event-subscription create --name my-crm --source-resource-id "$EVENTS_TOPIC_ID" \\
  --endpoint "$FUNCTION_APP_ID/functions/decide" --endpoint-type azurefunction \\
  --event-delivery-schema cloudeventschemav1_0 --included-event-types TeamsPhone.DecisionRequested \\
  --max-delivery-attempts 2 --event-ttl 1
```

- **At least once, in any order.** An event that is delivered or published again has the same `id`.
- **No phone numbers, no names, no digits.** Topics have many readers, and dead letters are kept. The API has all of
  these, for those who may see the call: `GET /calls/{callId}`, `GET /calls/{callId}/steps`.
- **`source`** is `/calls/{callId}`. New fields can be added: ignore those that you do not know."""


def page() -> str:
    return "\n".join([INTRODUCTION, *(line for each in EVENTS for line in _section(each))])


def _section(event: type[PublishedEvent]) -> list[str]:
    schema = _schema(event)
    rows = [f"| `{name}` | {_type(each)} | {each['description']} |" for name, each in schema["properties"].items()]
    return [
        "",
        f"## {event.__name__}",
        "",
        schema["description"],
        "",
        f"The data ([JSON Schema](events/{event.__name__}.schema.json)):",
        "",
        "| field | type | meaning |",
        "|---|---|---|",
        *rows,
        "",
        "```json",
        json.dumps(_example(event), indent=2),
        "```",
        "",
    ]


def _schema(event: type[PublishedEvent]) -> dict[str, Any]:
    _, components = msgspec.json.schema_components([event])
    schema: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= components[event.__name__]
    return schema | {"description": inspect.cleandoc(event.__doc__ or "")}


def _type(field: dict[str, Any]) -> str:
    """``string or null``, ``array of string``."""
    if "anyOf" in field:
        return " or ".join(_type(each) for each in field["anyOf"])
    if field["type"] == "array":
        return f"array of {_type(field['items'])}"
    return f"{field.get('format', field['type'])}"


def _example(event: type[PublishedEvent]) -> dict[str, Any]:
    names = _schema(event)["properties"]
    data = msgspec.convert({name: EXAMPLES[name] for name in names}, event)
    return cloud_event(data, "2f1cbe3a-5c0b-5d4e-9f0a-6a5f0c2f9a41", "2026-11-21T09:00:07.310000Z")


def _schema_file(event: type[PublishedEvent]) -> str:
    return json.dumps(_schema(event), indent=2) + "\n"


GENERATED: dict[str, Callable[[], str]] = {
    "docs/events.md": page,
    **{f"docs/events/{each.__name__}.schema.json": partial(_schema_file, each) for each in EVENTS},
}
