"""The scenario ``interop``: beside a phone call an ACS user calls a Teams user, and an auto attendant of Teams."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from local.scenarios import SCENARIOS, Scenario
from local.show import BOLD, DIM, PLAIN
from local.supervisor import Supervisor, Unexpected
from shared.calls.client_calls import id_of

ACS_USER = "8:acs:12345678-1234-4321-8765-123456789012_0000000c-1fb9-4878-07fd-0848220077e1"
TARGETS = {
    "a Teams user": "8:orgid:0000c0de-0000-4000-8000-0000000000a2",
    "an auto attendant": "28:orgid:cc123456-5678-5678-1234-ccc123456789",
}
TIMELINE = ["CallStarted", "CallParticipantAdded", "CallParticipantRemoved", "CallEnded"]
REFUSED = ("recordings", "participants", "transfers")
SECONDS = 20.0  # for the events to be in the timeline
NOT_ALLOWED = 409


async def _act(supervisor: Supervisor) -> list[str]:
    return [fault for who, target in TARGETS.items() for fault in await _call(supervisor, who, target)]


async def _call(supervisor: Supervisor, who: str, target: str) -> list[str]:
    body = {"from": ACS_USER, "to": target, "hangs_up_after": 2}
    dialled = await supervisor.control("POST", "client-calls", body)
    print(f"{'':12}an ACS user calls {who}")
    path = f"client-calls/{id_of(dialled['serverCallId'])}"
    call = await _ended(supervisor, path)
    print(f"{'':12}{BOLD}the timeline of the call{PLAIN}")
    for entry in call["timeline"]:
        print(f"{'':12}  {entry['at'][11:23]}  {entry['type']:<24}{DIM}{entry['participant'] or ''}{PLAIN}")
    kinds = sorted((entry["type"] for entry in call["timeline"]), key=TIMELINE.index)
    wrong = [] if kinds == TIMELINE else [f"the timeline of the call to {who} is {kinds}"]
    wrong += [f"the timeline names {who}"] if target in str(call) else []
    return wrong + [fault for what in REFUSED for fault in await _refused(supervisor, f"{path}/{what}")]


async def _ended(supervisor: Supervisor, path: str) -> dict[str, Any]:
    """The call, once its four events are in its timeline."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        status, found = await _ask(supervisor, "GET", path)
        if status == 200 and len(found["timeline"]) >= len(TIMELINE):  # noqa: PLR2004  # OK
            return found
        await asyncio.sleep(0.5)
    raise Unexpected(f"the timeline of the call between clients: not within {SECONDS:g} s")


async def _refused(supervisor: Supervisor, path: str) -> list[str]:
    status, found = await _ask(supervisor, "POST", path)
    what = path.rpartition("/")[2]
    print(f"{'':12}{'supervisor':>10} → {'API':<24} {BOLD}POST …/{what}{PLAIN}  {DIM}{status} {found['detail']}{PLAIN}")
    return [] if status == NOT_ALLOWED else [f"POST {path} was answered with {status}"]


async def _ask(supervisor: Supervisor, method: str, path: str) -> tuple[int, dict[str, Any]]:
    url = f"{supervisor.stack.host_url}/api/v1/{path}"
    async with supervisor.http.request(method, url, headers={"Authorization": supervisor.token}) as answer:
        return answer.status, await answer.json()


INTEROP = {
    "interop": Scenario(
        "interop",
        "Beside a phone call an ACS user calls a Teams user and an auto attendant, from client to client.",
        {"hangs_up_after": 12.0},
        SCENARIOS["happy"].check,
        seconds=60,
        act=_act,
    )
}
