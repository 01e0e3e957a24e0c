"""Scenarios in which a supervisor acts on the call through the API; what each party hears is the proof."""

from __future__ import annotations

import asyncio
from typing import Any

from local.scenarios import CALLER, Scenario, requests
from local.supervisor import Supervisor
from shared.calls.capabilities import Call, recording_status
from shared.calls.capabilities.recording import RecordingStatus
from shared.calls.state import CallState

RESOURCE = "ac5e0000-0000-4000-8000-000000000001"  # the emulated ACS resource
TENANT = "c0000000-0000-4000-8000-000000000001"  # contoso
GRACE, ALAN = "0000c0de-0000-4000-8000-0000000000a2", "0000a1a0-0000-4000-8000-0000000000a3"
COLLEAGUE = "+498912345"
MUSIC = "https://contoso.example/hold.wav"

THE_CALLER = f"4:{CALLER}"
FIRST, SECOND = (f"8:acs:{RESOURCE}_{TENANT}_{user}" for user in (GRACE, ALAN))


async def hears(supervisor: Supervisor, who: str, raw_id: str, expected: set[str]) -> list[str]:
    """The fault, if a party hears other sounds than expected during the next second."""
    found = await supervisor.hears(raw_id)
    print(f"{'':12}{who} hears {words(found)}")
    return [] if found == expected else [f"{who} hears {words(found)}, not {words(expected)}"]


def words(sounds: set[str]) -> str:
    names = {THE_CALLER: "the caller", FIRST: "Grace", SECOND: "Alan", f"4:{COLLEAGUE}": "the colleague"}
    return " and ".join(sorted(names.get(each, each) for each in sounds)) or "nothing"


async def _begin(supervisor: Supervisor) -> None:
    """Wait until the caller has heard that the call is recorded, and bring Grace in."""
    await supervisor.until("timeline", _announced, "the announcement is over")
    await supervisor.command("participants", {"targets": [{"agent": GRACE}]})
    await supervisor.until("", lambda call: FIRST in _present(call), "Grace is in the call")


def _announced(timeline: Any) -> bool:
    return any(entry["type"] == "PlayCompleted" for entry in timeline["value"])


def _present(call: Any) -> set[str]:
    return {each["id"] for each in call["participants"]}


# -- Transfer ----------------------------------------------------------------------------------------------------


async def _transfer(supervisor: Supervisor) -> list[str]:
    await _begin(supervisor)
    wrong = await hears(supervisor, "the caller", THE_CALLER, {FIRST})
    await supervisor.command("participants/remove", {"target": {"agent": GRACE}})
    await supervisor.until("", lambda call: FIRST not in _present(call), "Grace has left")
    await supervisor.command("transfers", {"target": {"number": COLLEAGUE}})
    wrong += await hears(supervisor, "the caller", THE_CALLER, {f"4:{COLLEAGUE}"})
    await supervisor.refused("hang-up")
    await supervisor.control("POST", f"calls/{supervisor.dialled['id']}/hangup")
    return wrong


def _transferred(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    wrong = _recorded(call)
    if len(requests(journal, "TransferToParticipant")) != 1:
        wrong.append("the transfer was not requested once")
    if call.transfer.last is None:
        wrong.append("the row does not say that the call was transferred")
    return wrong


def _recorded(call: Call) -> list[str]:
    wrong = [] if call.state is CallState.ENDED else [f"the call is {call.state}, not ended"]
    status, reason = recording_status(call)
    return wrong if status is RecordingStatus.ARCHIVED else [*wrong, f"the recording is {status}, {reason}"]


# -- Consult -----------------------------------------------------------------------------------------------------


async def _consult(supervisor: Supervisor) -> list[str]:
    await _begin(supervisor)
    consult = await supervisor.command("consults", {"target": {"agent": ALAN}, "music": MUSIC})
    path = f"consults/{consult['id']}"
    await supervisor.until("", lambda call: SECOND in _present(call), "Alan is in the call")
    wrong = await hears(supervisor, "the caller", THE_CALLER, {"hold.wav"})
    wrong += await hears(supervisor, "Grace", FIRST, {SECOND})
    await supervisor.command(f"{path}/swap")
    wrong += await hears(supervisor, "Alan", SECOND, {"hold.wav"})
    wrong += await hears(supervisor, "the caller", THE_CALLER, {FIRST})
    await supervisor.command(f"{path}/join")
    wrong += await hears(supervisor, "the caller", THE_CALLER, {FIRST, SECOND})
    await supervisor.command("participants/remove", {"target": {"agent": GRACE}})
    wrong += await hears(supervisor, "the caller", THE_CALLER, {SECOND})
    await supervisor.command("hang-up")
    return wrong


def _consulted(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    wrong = _recorded(call)
    if len(requests(journal, "Play")) != 3:  # noqa: PLR2004  # the announcement, and the music for each of the two
        wrong.append("the app did not ask for three prompts")
    return wrong


# -- The API -----------------------------------------------------------------------------------------------------


async def _api(supervisor: Supervisor) -> list[str]:
    await _begin(supervisor)
    music = await supervisor.command(
        "media/play", {"source": {"file": MUSIC}, "loop": True}, wait=0, expected="accepted"
    )
    asked = supervisor.command("media/recognize", {"target": {"number": CALLER}, "prompt": {"text": "Press one."}})
    recognition = asyncio.ensure_future(asked)
    await asyncio.sleep(2)
    await supervisor.control("POST", f"calls/{supervisor.dialled['id']}/press", {"tone": "one"})
    result = (await recognition)["result"]
    wrong = [] if result and result["keys"] == "1" else [f"the recognition returned {result}, not the key 1"]
    wrong += await hears(supervisor, "the caller", THE_CALLER, {"hold.wav", FIRST})
    await supervisor.command(f"operations/{music['id']}/cancel")
    await supervisor.refused("participants/hold", {"target": {"number": CALLER}})
    await supervisor.command("hang-up")
    return wrong


def _controlled(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    wrong = _recorded(call)
    if requests(journal, "Hold"):
        wrong.append("a hold was asked of ACS, which a Teams Phone call does not allow")
    return wrong


CONTROL = {
    each.name: each
    for each in (
        Scenario(
            "transfer",
            "An agent is brought in, speaks with the caller and is removed; the caller is transferred to a number.",
            {},
            _transferred,
            seconds=60,
            act=_transfer,
        ),
        Scenario(
            "consult",
            "The caller hears music while Grace speaks with Alan; they swap, all join, and Grace leaves.",
            {},
            _consulted,
            seconds=60,
            act=_consult,
        ),
        Scenario(
            "api",
            "A supervisor plays music, asks the caller for a key, is refused a hold, and hangs up.",
            {},
            _controlled,
            seconds=60,
            act=_api,
        ),
    )
}
