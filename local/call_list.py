"""The scenario ``crm``: a subscriber of the user's own keeps a list of calls (``samples/call_list``)."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import aiohttp

from local.plan_scenarios import RING, prepared
from local.processes import free_ports
from local.scenarios import Scenario
from local.show import BOLD, DIM, PLAIN
from local.stack import ROOT, Stack
from local.supervisor import Supervisor
from local.workers import EMULATED_HOST
from shared.calls.capabilities import Call
from shared.calls.published import CALL_EVENTS

SAMPLE = ROOT / "samples/call_list/function_app.py"
NAME = "call-list"  # of the process and of the subscription
SECONDS = 45.0  # Event Grid delivers an event again after ten seconds
EXPECTED = ["CallConnected", "StepReached", "AgentRang", "AgentConnected", "CallEnded", "CallArchived"]


async def start_list(stack: Stack) -> int:
    """Start the sample beside the app; return its port."""
    (port,) = free_ports(1)
    settings = {"CALL_LIST": str(stack.logs / "calls.db")}
    await stack.start_beside(NAME, *EMULATED_HOST, "--app", str(SAMPLE), "--port", str(port), port=port, **settings)
    return port


async def subscribe_list(stack: Stack, http: aiohttp.ClientSession, port: int) -> None:
    """Have Event Grid deliver the events of calls to the sample."""
    subscription = {
        "topic": "call-events",
        "endpoint": f"http://127.0.0.1:{port}/runtime/webhooks/EventGrid?functionName=note",
        "event_types": [each.event_type() for each in CALL_EVENTS],
    }
    async with http.put(f"{stack.emulator_url}/eventgrid/subscriptions/{NAME}", json=subscription) as answer:
        answer.raise_for_status()


async def listed(http: aiohttp.ClientSession, port: int) -> dict[str, Any]:
    """The sample's list of calls, by id."""
    async with http.get(f"http://127.0.0.1:{port}/api/calls") as answer:
        return {each["call"]: each for each in await answer.json()}


class _Crm:
    """The scenario's steps; ``prepare`` notes the sample's port."""

    port = 0

    async def prepare(self, stack: Stack, http: aiohttp.ClientSession) -> None:
        self.port = await start_list(stack)
        await subscribe_list(stack, http, self.port)
        await prepared(RING, {}, ("grace",))(stack, http)
        print("A subscriber keeps a list of calls. Some events reach it twice, and others late.\n")

    async def act(self, supervisor: Supervisor) -> list[str]:
        deadline, entry = time.monotonic() + SECONDS, dict[str, Any]()
        while time.monotonic() < deadline and not _is_complete(entry):
            await asyncio.sleep(0.2)
            found = (await listed(supervisor.http, self.port)).get(supervisor.call_id, {})
            if found != entry:
                print(f"{'':12}the list: {BOLD}{found['state'] or '…'}{PLAIN}  {DIM}{json.dumps(found)}{PLAIN}")
            entry = found
        first = list(dict.fromkeys(entry.get("events", [])))
        wrong = [] if first == EXPECTED else [f"the list has the events {first}, not {EXPECTED}"]
        return wrong if entry.get("state") == "ended" else [*wrong, f"the call is {entry.get('state')} in the list"]


def _is_complete(entry: dict[str, Any]) -> bool:
    return bool(entry.get("complete")) and entry.get("recording") == "archived"


def _published_once(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    """Each event is on the topic; the subscriber gets some of them twice."""
    own = [e["event"] for e in journal if e["kind"] == "event" and e["event"]["source"] == f"/calls/{call.id}"]
    ids = [each["id"] for each in own]
    wrong = [] if len(ids) == len(set(ids)) == len(call.outbox.published) else [f"{len(ids)} events were published"]
    deliveries = [e for e in journal if e["kind"] == "delivery" and e["subscription"] == NAME]
    return wrong if len(deliveries) > len(ids) else [*wrong, "no event was delivered twice"]


def _rule(event: str, do: str, **how: Any) -> dict[str, Any]:
    match = {"type": f"TeamsPhone.{event}", "subscription": NAME}
    return {"where": "eventgrid", "match": match, "do": do, "times": 1, **how}


_crm = _Crm()
CRM = {
    "crm": Scenario(
        "crm",
        "An agent takes a call. A subscriber keeps a list of calls by the events of the app alone.",
        {"hangs_up_after": 9.0},
        _published_once,
        faults=(
            _rule("CallConnected", "delay", seconds=11),
            _rule("AgentConnected", "duplicate", count=3),
            _rule("AgentRang", "lose_ack"),
        ),
        seconds=60,
        prepare=_crm.prepare,
        act=_crm.act,
    )
}
