"""Scenarios in which a supervisor acts on the call through the API; what each party hears is the proof."""

from __future__ import annotations

from typing import Any

from local.scenarios import CALLER, requests
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


async def _bring_in(supervisor: Supervisor, user: str) -> None:
    await supervisor.command("participants", {"targets": [{"agent": user}]})


async def _hears(supervisor: Supervisor, who: str, raw_id: str, expected: set[str]) -> list[str]:
    """What is wrong with the sounds that a party hears during the next second."""
    found = await supervisor.hears(raw_id)
    print(f"{'':12}{who} hears {_words(found)}")
    return [] if found == expected else [f"{who} hears {_words(found)}, not {_words(expected)}"]


def _words(sounds: set[str]) -> str:
    names = {THE_CALLER: "the caller", FIRST: "Grace", SECOND: "Alan", f"4:{COLLEAGUE}": "the colleague"}
    return " and ".join(sorted(names.get(each, each) for each in sounds)) or "nothing"


# -- Transfer ----------------------------------------------------------------------------------------------------


async def _transfer(supervisor: Supervisor) -> list[str]:
    await supervisor.until("", lambda call: call["state"] == "connected", "the call connects")
    await _bring_in(supervisor, GRACE)
    await supervisor.until("", lambda call: len(call["participants"]) > 1, "Grace is in the call")
    wrong = await _hears(supervisor, "the caller", THE_CALLER, {FIRST})
    await supervisor.command("transfers", {"target": {"number": COLLEAGUE}, "transferee": {"number": CALLER}})
    return wrong + await _hears(supervisor, "the caller", THE_CALLER, {f"4:{COLLEAGUE}"})


def _transferred(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    wrong = [] if call.state is CallState.ENDED else [f"the call is {call.state}, not ended"]
    if len(requests(journal, "TransferToParticipant")) != 1:
        wrong.append("the transfer was not requested once")
    if recording_status(call)[0] is not RecordingStatus.ARCHIVED:
        wrong.append(f"the recording is {recording_status(call)}, not archived")
    return wrong
