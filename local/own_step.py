"""The scenario ``your-own-step``: a function of the user's own decides where a call goes on (``samples/crm``)."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from local.control_scenarios import ALAN, FIRST, GRACE, THE_CALLER, hears
from local.processes import free_ports
from local.scenarios import ACCOUNT, Scenario, requests
from local.stack import ROOT, Stack, control
from local.supervisor import Supervisor, Unexpected
from local.workers import EMULATED_HOST
from shared.calls.capabilities import Call
from shared.calls.published import DecisionRequested

SAMPLE = ROOT / "samples/crm/function_app.py"
PLAN = ROOT / "docs/plans/account-number.json"
NUMBER = "12345678"  # of a premium customer
TONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


async def start_sample(stack: Stack) -> int:
    """Start the sample beside the app; return its port."""
    (port,) = free_ports(1)
    settings = {"CALLS_API": f"{stack.host_url}/api/keyed/v1", "CALLS_API_KEY": "any"}
    await stack.start_beside("crm", *EMULATED_HOST, "--app", str(SAMPLE), "--port", str(port), port=port, **settings)
    return port


async def subscribe_sample(stack: Stack, http: aiohttp.ClientSession, port: int) -> None:
    """Have Event Grid deliver requests for decisions to the sample."""
    subscription = {
        "topic": "call-events",
        "endpoint": f"http://127.0.0.1:{port}/runtime/webhooks/EventGrid?functionName=decide",
        "event_types": [DecisionRequested.event_type()],
        "max_attempts": 2,
        "ttl_minutes": 1,
    }
    async with http.put(f"{stack.emulator_url}/eventgrid/subscriptions/crm", json=subscription) as answer:
        answer.raise_for_status()


async def _prepare(stack: Stack, http: aiohttp.ClientSession) -> None:
    await subscribe_sample(stack, http, await start_sample(stack))
    tokens = {name: await token(stack, http, name, role) for name, role in ROLES.items()}
    await put(stack, http, tokens["ada"], f"plans/{ACCOUNT}", json.loads(PLAN.read_text()))
    for group, name, user in (("premium", "grace", GRACE), ("support", "alan", ALAN)):
        await put(stack, http, tokens["ada"], f"agents/{user}", {})
        await put(stack, http, tokens["ada"], f"groups/{group}", {"name": group.title(), "members": [user]})
        await put(stack, http, tokens[name], "agents/me/presence", {"state": "available"})
    print("The plan asks for an account number. Grace takes the calls of premium customers, Alan all others.\n")


ROLES = {"ada": "Administrator", "grace": "Agent", "alan": "Agent"}


async def token(stack: Stack, http: aiohttp.ClientSession, user: str, role: str) -> str:
    issued = await control(http, stack, "POST", "entra/tokens", {"user": user, "roles": [role]})
    return f"Bearer {issued['token']}"


async def put(stack: Stack, http: aiohttp.ClientSession, token: str, path: str, body: Any) -> None:
    url = f"{stack.host_url}/api/v1/{path}"
    async with http.put(url, json=body, headers={"Authorization": token}) as answer:
        if not answer.ok:
            raise Unexpected(f"PUT {path} was answered with {answer.status}: {await answer.text()}")


async def _act(supervisor: Supervisor) -> list[str]:
    await supervisor.until("media", _is_asked, "the caller is asked for the account number")
    for digit in NUMBER:
        tone = {"tone": TONES[int(digit)]}
        await supervisor.control("POST", f"calls/{supervisor.dialled['id']}/press", tone)
    await supervisor.until("", lambda call: any(each["id"] == FIRST for each in call["participants"]), "Grace answers")
    wrong = await hears(supervisor, "the caller", THE_CALLER, {FIRST})
    wrong += await hears(supervisor, "Grace", FIRST, {THE_CALLER})
    await supervisor.control("POST", f"calls/{supervisor.dialled['id']}/hangup")
    return wrong


def _is_asked(media: Any) -> bool:
    return bool(media["playing"]) and media["playing"]["name"] == "Recognize"


def _decided(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    way = [(each.step, each.reason) for each in call.routing.visits]
    wrong = [] if ("lookup", "decided") in way else [f"the way of the call was {way}"]
    asked = [e["event"] for e in journal if e["kind"] == "event" and e["event"]["type"].endswith("DecisionRequested")]
    if len({each["id"] for each in asked}) != 1:
        wrong.append(f"a decision was requested {len(asked)} times, not once")
    if NUMBER in json.dumps(asked) or any(NUMBER in each.text for each in call.timeline):
        wrong.append("the account number stands in an event or in the timeline")
    rung = [each["body"]["participantToAdd"]["rawId"] for each in requests(journal, "AddParticipant")]
    return wrong if rung == [FIRST] else [*wrong, f"the app rang {rung}, not Grace alone"]


OWN_STEP = {
    "your-own-step": Scenario(
        "your-own-step",
        "The caller enters an account number; a function of the user's own looks it up; an agent is rung accordingly.",
        {},
        _decided,
        seconds=60,
        prepare=_prepare,
        act=_act,
    )
}
