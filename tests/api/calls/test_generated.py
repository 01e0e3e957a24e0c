"""The routes of a call against the OpenAPI document: requests are generated for calls that exist."""

from __future__ import annotations

import asyncio
from pathlib import Path

from shared.api.v1 import ROUTES
from tests.api.calls.conftest import Line
from tests.api.calls.parties import ALAN, GRACE, answers, raw_id, with_agents
from tests.api.generated import callers, taken

# Calls for routes that end a call, or change who is in it; the last ones are for all other routes.
CALLS = ("hangUp", "hangUp", "transferCall", "transferCall", "addParticipants", "removeParticipant", "", "")
WITHOUT_AGENT = {"transferCall", "addParticipants"}  # others have the agent of the examples in them
# What the platform refuses in a Teams Phone call, and what needs more than a call.
NEVER_TAKEN = {
    *(f"POST /calls/{{callId}}/participants/{name}" for name in ("mute", "hold", "unhold")),
    "POST /calls/{callId}/participants/move",  # the id of another call
    "POST /calls/{callId}/consults",  # music
    *(f"POST /calls/{{callId}}/consults/{{operationId}}/{how}" for how in ("join", "swap", "drop")),  # a consult
    *(f"POST /calls/{{callId}}/media/streaming/{how}" for how in ("start", "stop")),  # a URL in the settings
    *(f"POST /calls/{{callId}}/media/transcription/{how}" for how in ("start", "stop", "update")),  # the same
    *(f"POST /calls/{{callId}}/recordings/{{recordingId}}/{how}" for how in ("pause", "resume", "stop")),  # a recording
    "GET /calls/{callId}/recordings/{recordingId}/files/{index}",  # a file of it
    *(f"GET /calls/{{callId}}/transcript{part}" for part in ("", "/captions")),  # a transcript
    "GET /calls/{callId}/drawing",  # a plan
    "PUT /calls/{callId}/wrap-up",  # an agent's token, of one who was in the call
    *(f"{method} /calls/{{callId}}/steps/{{visit}}" for method in ("GET", "POST")),  # a plan
    "POST /calls/{callId}/steps/{visit}/answer",  # an offer
}


async def test_generated_requests_of_a_call_are_answered_as_documented(line: Line, tmp_path: Path) -> None:
    tokens = await callers(line.client)
    await answers(line, raw_id(ALAN), "no_answer")
    await answers(line, raw_id(GRACE), after=0)
    made = await asyncio.gather(*(_call(line, name) for name in CALLS))
    calls: dict[str, list[tuple[str, str]]] = {}
    for name, call in zip(CALLS, made, strict=True):
        calls.setdefault(name, []).append(call)
    found = await taken(line.client, tmp_path, tokens, "--include-path-regex", "^/calls/", calls=calls)
    routes = {f"{route.method} /{route.path}" for route in ROUTES if route.path.startswith("calls/")}
    assert sorted(routes - found - NEVER_TAKEN) == [], "what was never taken"


async def _call(line: Line, name: str) -> tuple[str, str]:
    """A call, and an operation of it that can be cancelled."""
    call_id = await with_agents(line, *([] if name in WITHOUT_AGENT else [GRACE]))
    body = {"targets": [{"agent": ALAN}], "ringSeconds": 180}
    added = await line.command(f"calls/{call_id}/participants", body, wait=0)
    assert "value" in added.data, added.data
    return call_id, str(added.data["value"][0]["id"])
