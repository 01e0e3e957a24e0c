"""Scenarios of routing plans: agents are rung, the caller chooses from a menu, or waits. The audio is the proof."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from emulator.listening import passages
from local.control_scenarios import ALAN, COLLEAGUE, FIRST, GRACE, MUSIC, SECOND, THE_CALLER, hears, words
from local.own_step import put, token
from local.scenarios import ACCOUNT, Scenario, requests
from local.show import DIM, PLAIN
from local.stack import ROOT, Stack, control
from local.supervisor import Supervisor
from shared.calls.capabilities import Call

THE_COLLEAGUE = f"4:{COLLEAGUE}"
SORRY = "No agent is free. Please call again later."
END: dict[str, Any] = {
    "sorry": {"type": "play", "prompt": {"text": SORRY}, "then": "bye"},
    "bye": {"type": "hangUp"},
}
AGENTS: dict[str, Any] = {
    "type": "ring",
    "targets": [{"group": "support"}],
    "order": "longestIdle",
    "seconds": 5,
    "meanwhile": {"file": MUSIC},
    "left": "bye",
    "otherwise": "colleague",
}
RING: dict[str, Any] = {
    "start": "agents",
    "steps": {
        "agents": AGENTS,
        "colleague": AGENTS | {"targets": [{"number": COLLEAGUE}], "otherwise": "sorry"},
        **END,
    },
}
WAIT = {"start": "agents", "steps": {"agents": AGENTS | {"wait": {"seconds": 60}, "otherwise": "sorry"}, **END}}
MENU = json.loads((ROOT / "docs/plans/menu-then-transfer.json").read_text())

Prepare = Callable[[Stack, aiohttp.ClientSession], Awaitable[None]]


def prepared(plan: dict[str, Any], callees: dict[str, Any], available: tuple[str, ...]) -> Prepare:
    """The plan of the account, the agents of the group, and what each does when rung."""

    async def prepare(stack: Stack, http: aiohttp.ClientSession) -> None:
        ada = await token(stack, http, "ada", "Administrator")
        await put(stack, http, ada, f"plans/{ACCOUNT}", plan)
        for user in (GRACE, ALAN):
            await put(stack, http, ada, f"agents/{user}", {})
        await put(stack, http, ada, "groups/support", {"name": "Support", "members": [GRACE, ALAN]})
        for name in available:
            await _available(stack, http, name)
        await control(http, stack, "PUT", "callees", callees)
        print(f"The plan of the account: {json.dumps(plan)}\n")

    return prepare


async def _available(stack: Stack, http: aiohttp.ClientSession, name: str) -> None:
    agent = await token(stack, http, name, "Agent")
    await put(stack, http, agent, "agents/me/presence", {"state": "available"})
    print(f"{name.title()} is available.")


async def has_heard(supervisor: Supervisor, who: str, raw_id: str, expected: list[str]) -> list[str]:
    """Print what a party has heard so far, and when; the fault, unless the sounds began in the expected order."""
    began: list[str] = []
    for passage in passages(await supervisor.ear(raw_id), await supervisor.sounds()):
        if passage.names:
            print(f"{'':12}{passage.start:5.1f} to {passage.end:5.1f} s: {who} heard {words(set(passage.names))}")
        began += [name for name in sorted(passage.names) if name not in began]
    return [] if began == expected else [f"{who} heard {began}, not {expected}"]


def _music_has_ended(timeline: Any) -> bool:
    return any(entry["type"] == "PlayCanceled" for entry in timeline["value"])


async def hangs_up(supervisor: Supervisor, who: str = THE_CALLER) -> None:
    await supervisor.control("POST", f"calls/{supervisor.dialled['id']}/hangup", {"who": who})


# -- An agent answers --------------------------------------------------------------------------------------------

ANNOUNCEMENT = "This call is recorded."


async def _agent_answers(supervisor: Supervisor) -> list[str]:
    await supervisor.until("timeline", _music_has_ended, "the plan connects Alan with the caller")
    wrong = await hears(supervisor, "the caller", THE_CALLER, {SECOND})
    wrong += await hears(supervisor, "Alan", SECOND, {THE_CALLER})
    wrong += await has_heard(supervisor, "the caller", THE_CALLER, [ANNOUNCEMENT, "hold.wav", SECOND])
    await hangs_up(supervisor, SECOND)
    return wrong


def _grace_then_alan(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    return _rang(journal, FIRST, SECOND) + _went(call, ("agents", "the agent has left"), ("bye", ""))


# -- No one answers ----------------------------------------------------------------------------------------------


async def _nobody_answers(supervisor: Supervisor) -> list[str]:
    for step in ("colleague", "sorry"):
        await supervisor.until("steps", _at(step), f"the plan has come to the step {step}")
    await supervisor.until("", lambda call: call["state"] == "ended", "the call is over")
    print(f"{'':12}(the number was in the call, to be asked for a key: until it was removed, the caller heard it)")
    heard = [ANNOUNCEMENT, "hold.wav", THE_COLLEAGUE, SORRY]
    return await has_heard(supervisor, "the caller", THE_CALLER, heard)


def _at(step: str) -> Callable[[Any], bool]:
    return lambda steps: any(each["step"] == step for each in steps["value"])


def _three_in_turn(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    way = (("agents", "no answer"), ("colleague", "no answer"), ("sorry", "played"), ("bye", ""))
    return _rang(journal, FIRST, SECOND, THE_COLLEAGUE) + _went(call, *way)


# -- A menu ------------------------------------------------------------------------------------------------------


async def _menu(supervisor: Supervisor) -> list[str]:
    await supervisor.until("media", _asks, "the menu is played")
    await asyncio.sleep(0.5)  # for the caller to hear some of it
    await supervisor.control("POST", f"calls/{supervisor.dialled['id']}/press", {"tone": "one"})
    print(f"{'':12}the caller presses 1 while the prompt plays")
    await supervisor.until("timeline", _transferred, "the caller is transferred")
    wrong = await hears(supervisor, "the caller", THE_CALLER, {THE_COLLEAGUE})
    prompt = MENU["steps"]["menu"]["prompt"]["text"]
    wrong += await has_heard(supervisor, "the caller", THE_CALLER, [ANNOUNCEMENT, prompt, THE_COLLEAGUE])
    await hangs_up(supervisor)
    return wrong


def _asks(media: Any) -> bool:
    return bool(media["playing"]) and media["playing"]["name"] == "Recognize"


def _transferred(timeline: Any) -> bool:
    return any(entry["type"] == "CallTransferAccepted" for entry in timeline["value"])


def _pressed(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    left = call.routing.visits[
        -1
    ].reason  # empty if CallDisconnected, which follows the transfer at once, was read first
    wrong = _went(call, ("menu", "pressed 1"), ("sales", "transferred" if left else ""))
    return wrong if len(requests(journal, "TransferToParticipant")) == 1 else [*wrong, "one transfer was expected"]


# -- Waiting -----------------------------------------------------------------------------------------------------


async def _waiting(supervisor: Supervisor) -> list[str]:
    await supervisor.until("steps", _at("agents"), "the plan has come to the step agents")
    wrong = await hears(supervisor, "the caller", THE_CALLER, {"hold.wav"})
    await _available(supervisor.stack, supervisor.http, "grace")
    await supervisor.until("timeline", _music_has_ended, "the plan connects Grace with the caller")
    wrong += await hears(supervisor, "the caller", THE_CALLER, {FIRST})
    wrong += await has_heard(supervisor, "the caller", THE_CALLER, [ANNOUNCEMENT, "hold.wav", FIRST])
    await hangs_up(supervisor)
    return wrong


def _waited(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    return _rang(journal, FIRST) + _went(call, ("agents", "the caller has left"))


# -- Expectations of the call ---------------------------------------------------------------------------------------


def _rang(journal: list[dict[str, Any]], *expected: str) -> list[str]:
    """The fault, unless exactly these were invited, each once and in this order."""
    invited = [each["body"]["participantToAdd"]["rawId"] for each in requests(journal, "AddParticipant")]
    return [] if invited == list(expected) else [f"the app invited {invited}, not {list(expected)}"]


def _went(call: Call, *expected: tuple[str, str]) -> list[str]:
    way = [(each.step, each.reason) for each in call.routing.visits]
    print(
        f"The way through the plan: {' → '.join(f'{step} {DIM}({why}){PLAIN}' if why else step for step, why in way)}"
    )
    return [] if way == list(expected) else [f"the way of the call was {way}, not {list(expected)}"]


DECLINES, RINGS_OUT, ACCEPTS = {"behaviour": "decline", "after": 2}, {"behaviour": "no_answer"}, {"after": 1}

PLANS = {
    each.name: each
    for each in (
        Scenario(
            "agent-answers",
            "Two agents are available. Grace declines the call, Alan accepts it.",
            {},
            _grace_then_alan,
            seconds=60,
            prepare=prepared(RING, {FIRST: DECLINES, SECOND: ACCEPTS}, ("grace", "alan")),
            act=_agent_answers,
        ),
        Scenario(
            "nobody-answers",
            "Grace declines, Alan does not answer, and a number is answered, but no one presses 1 there.",
            {},
            _three_in_turn,
            seconds=90,
            prepare=prepared(RING, {FIRST: DECLINES, SECOND: RINGS_OUT, THE_COLLEAGUE: ACCEPTS}, ("grace", "alan")),
            act=_nobody_answers,
        ),
        Scenario(
            "menu",
            "The caller presses 1 while the prompt plays, and is transferred to a number.",
            {},
            _pressed,
            seconds=60,
            prepare=prepared(MENU, {THE_COLLEAGUE: ACCEPTS}, ()),
            act=_menu,
        ),
        Scenario(
            "waiting",
            "No agent is available, so the caller waits with music. Then Grace becomes available, and is rung.",
            {},
            _waited,
            seconds=60,
            prepare=prepared(WAIT, {FIRST: ACCEPTS}, ()),
            act=_waiting,
        ),
    )
}
