"""Scenarios of outbound calls: placed by the app, and by an agent's client on behalf of the resource account."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from local.control_scenarios import COLLEAGUE, FIRST, MUSIC, hears
from local.own_step import put, token
from local.plan_scenarios import THE_COLLEAGUE, hangs_up, has_heard
from local.scenarios import ACCOUNT, Scenario, requests
from local.show import BOLD, DIM, PLAIN
from local.stack import Stack, control
from local.supervisor import SECONDS, Supervisor, Unexpected, id_of
from shared.calls.capabilities import Call
from shared.calls.state import CallState

PREMIUM, REASON = "+19005550100", "Premium numbers are not called."
RULES: dict[str, Any] = {"rules": [{"do": "deny", "prefixes": ["+1900"], "reason": REASON}, {"do": "allow"}]}
ANNOUNCEMENT, GREETING = "This call is recorded.", "Good morning, this is Contoso."
REQUEST = "demo-1"
RING_TONE = MUSIC.replace("hold", "ring")


@dataclass
class Client:
    """A client of the app's API, whose requests are printed."""

    stack: Stack
    http: aiohttp.ClientSession
    bearer: str

    async def ask(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        headers = {"Authorization": self.bearer} | ({"Idempotency-Key": key} if key else {})
        url = f"{self.stack.host_url}/api/v1/{path}"
        async with self.http.request(method, url, json=body, headers=headers) as answer:
            found = await answer.json()
            what = found.get("detail") or found.get("refusal") or found.get("state")
            print(f"{'':12}{method} {BOLD}{path}{PLAIN}  {DIM}{answer.status} {what}{PLAIN}", flush=True)
            return answer.status, found


async def _prepare(stack: Stack, http: aiohttp.ClientSession) -> None:
    await put(stack, http, await token(stack, http, "ada", "Administrator"), f"outbound-rules/{ACCOUNT}", RULES)
    print("The outbound rules of the account deny premium numbers (+1900), and allow all others.\n")


# -- By the server -----------------------------------------------------------------------------------------------


async def _place(stack: Stack, http: aiohttp.ClientSession) -> tuple[dict[str, Any], str]:
    """A premium number is refused; a number is called, and the request is sent twice with one key."""
    supervisor = Client(stack, http, await token(stack, http, "ada", "Supervisor"))
    body = {"account": ACCOUNT, "greeting": {"text": GREETING}}
    await control(http, stack, "PUT", "callees", {THE_COLLEAGUE: {"after": 2}})
    status, _ = await supervisor.ask("POST", "calls", body | {"target": {"number": PREMIUM}})
    wanted = "POST", "calls", body | {"target": {"number": COLLEAGUE}}, "key-1"
    (_, first), (_, again) = [await supervisor.ask(*wanted) for _ in range(2)]
    if status != HTTPStatus.FORBIDDEN or first.get("id") is None or first["id"] != again.get("id"):
        raise Unexpected(f"the requests were answered with {status}, {first} and {again}")
    calls = (await control(http, stack, "GET", "calls"))["calls"]
    return next(each for each in calls if each["to"] == THE_COLLEAGUE), first["id"]


async def _listen(supervisor: Supervisor) -> list[str]:
    await supervisor.until("timeline", _greeted, "the callee has heard the greeting")
    wrong = await has_heard(supervisor, "the callee", THE_COLLEAGUE, [GREETING, ANNOUNCEMENT])
    await hangs_up(supervisor, THE_COLLEAGUE)
    return wrong


def _greeted(timeline: Any) -> bool:
    """The announcement of the recording follows the greeting."""
    completed = [entry for entry in timeline["value"] if entry["type"] == "PlayCompleted"]
    return len(completed) == 2  # noqa: PLR2004


def _dialled_once(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    wrong = [] if call.state is CallState.ENDED else [f"the call is {call.state}, not ended"]
    numbers = [each["body"]["targets"][0]["rawId"] for each in requests(journal, "CreateCall")]
    return wrong if numbers == [THE_COLLEAGUE] else [*wrong, f"the app dialled {numbers}, not the colleague once"]


# -- By an agent's client ----------------------------------------------------------------------------------------


async def _call_on_behalf(stack: Stack, http: aiohttp.ClientSession) -> tuple[dict[str, Any], str]:
    """Grace's client calls a premium number, whose call is rejected, and then a number that may be called."""
    await control(http, stack, "PUT", "callees", {THE_COLLEAGUE: {"after": 8}})
    await _rejected(stack, http)
    how = {"from": FIRST, "to": ACCOUNT, "on_behalf_of_callee": COLLEAGUE}
    dialled = await control(http, stack, "POST", "calls", how)
    return dialled, await id_of(stack, http, dialled)


async def _rejected(stack: Stack, http: aiohttp.ClientSession) -> None:
    """The client learns why its call was rejected by the request id that it has sent."""
    how = {"from": FIRST, "to": ACCOUNT, "on_behalf_of_callee": PREMIUM, "custom_headers": {"request-id": REQUEST}}
    await control(http, stack, "POST", "calls", how)
    grace = Client(stack, http, await token(stack, http, "grace", "Agent"))
    for _ in range(int(SECONDS)):
        _, found = await grace.ask("GET", f"call-requests/{REQUEST}")
        if found.get("refusal") == REASON:
            return
        await asyncio.sleep(1)
    raise Unexpected(f"the reason of the rejection is {found}")


async def _ringing(supervisor: Supervisor) -> list[str]:
    await supervisor.until("timeline", _announced, "the announcement is over")
    await supervisor.until("media", _is_ringing, "the ring tone plays again")
    wrong = await hears(supervisor, "Grace", FIRST, {"ring.wav"})
    await supervisor.until("", _is_there, "the colleague answers")
    wrong += await hears(supervisor, "Grace", FIRST, {THE_COLLEAGUE})
    wrong += await hears(supervisor, "the colleague", THE_COLLEAGUE, {FIRST})
    await hangs_up(supervisor, THE_COLLEAGUE)
    return wrong


def _announced(timeline: Any) -> bool:
    return any(entry["type"] == "PlayCompleted" for entry in timeline["value"])


def _is_ringing(media: Any) -> bool:
    return bool(media["playing"]) and media["playing"]["parameters"].get("source") == RING_TONE


def _is_there(call: Any) -> bool:
    return any(each["id"] == THE_COLLEAGUE for each in call["participants"])


def _added_once(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    wrong = [] if call.state is CallState.ENDED else [f"the call is {call.state}, not ended"]
    invited = [each["body"]["participantToAdd"]["rawId"] for each in requests(journal, "AddParticipant")]
    wrong += [] if invited == [THE_COLLEAGUE] else [f"the app invited {invited}, not the colleague once"]
    rejected = len(requests(journal, "RejectCall"))
    return wrong if rejected == 1 else [*wrong, f"the app rejected {rejected} calls, not one"]


OUTBOUND = {
    each.name: each
    for each in (
        Scenario(
            "outbound",
            "The app calls a number on behalf of the resource account: once, though it is asked twice.",
            {},
            _dialled_once,
            seconds=60,
            prepare=_prepare,
            place=_place,
            act=_listen,
        ),
        Scenario(
            "on-behalf-of",
            "Grace's client calls a number on behalf of the resource account. She hears it ring, then the colleague.",
            {},
            _added_once,
            settings={"RING_TONE": RING_TONE},
            seconds=60,
            prepare=_prepare,
            place=_call_on_behalf,
            act=_ringing,
        ),
    )
}
