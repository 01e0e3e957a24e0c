"""Steps of plans over the system: keys of the caller, secrets, and calls of emergency services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest

from shared.calls.capabilities import recording_status
from shared.calls.effect import effect_id
from shared.calls.emergency import REASON, REFUSAL
from shared.calls.state import CallState
from shared.calls.tones import tones_of
from tests.api.calls.conftest import Line
from tests.api.calls.plans import at_step, planned

ACCOUNT = "11111111-1111-4111-8111-111111111112"
PATH = f"plans/{ACCOUNT}"
MEDIA = {"PauseRecording", "Recognize", "ResumeRecording"}
PIN = "471188"
SILENT = {"type": "menu", "prompt": {"file": "https://audio/quiet.wav"}, "keys": {"9": "bye"}, "seconds": 60}
ENTRY: dict[str, dict[str, Any]] = {
    "pin": {
        "type": "collect",
        "prompt": {"file": "https://audio/pin.wav"},
        "digits": 8,
        "least": 4,
        "secret": True,
        "seconds": 30,
        "then": "quiet",
        "otherwise": "bye",
    },
    "quiet": SILENT | {"otherwise": "bye"},
    "bye": {"type": "hangUp"},
}
RINGING: dict[str, dict[str, Any]] = {
    "quiet": SILENT | {"otherwise": "sales"},
    "sales": {"type": "ring", "targets": [{"group": "none"}], "left": "bye", "otherwise": "bye"},
    "bye": {"type": "hangUp"},
}


async def press(line: Line, call_id: str, keys: str) -> None:
    """The caller presses keys at ACS."""
    connection = (await line.call(call_id)).call_connection_id
    calls = (await line.system.control("GET", "calls"))["calls"]
    (id,) = (each["id"] for each in calls if each["callConnectionId"] == connection)
    for tone in tones_of(keys):
        await line.system.control("POST", f"calls/{id}/press", {"tone": tone})


@pytest.fixture
async def administrator(line: Line) -> AsyncIterator[str]:
    """A token that plans are saved with; that of the account is deleted afterwards."""
    token = await line.client.token(user=await line.client.newcomer(), roles=["Administrator"])
    yield token
    await line.client.ask("DELETE", PATH, token)


async def requested(line: Line, call_id: str) -> list[str]:
    """The operations that ACS was asked for, of the call and of its recordings, in order."""
    call = await line.call(call_id)
    ids = [call.call_connection_id or "?", *map(quote, call.recording.recordings)]
    entries = await line.system.journal("acs.request")
    return [each["operation"] for each in entries if any(id in str(each) for id in ids)]


async def test_a_secret_is_entered_while_the_recording_pauses_and_is_written_nowhere(line: Line) -> None:
    call_id = await planned(line, ENTRY)
    context = effect_id(call_id, "plan/pin.1/try 1")
    await line.system.until(call_id, lambda call: any(e.id == context and e.performed for e in call.effects))
    assert recording_status(await line.call(call_id))[0] == "paused"
    await press(line, call_id, f"{PIN}#")
    await at_step(line, call_id, "quiet.1")
    call = await line.system.until(call_id, lambda call: recording_status(call)[0] == "active")
    assert call.recognition.results[context].keys == PIN
    assert call.routing.visits[0].reason == "digits entered"
    assert PIN not in str(call.timeline)
    assert PIN not in str((await line.get(f"calls/{call_id}/timeline")).data)
    lines = [each for each in line.system.stack.host_log().splitlines() if call_id in each]
    assert lines
    assert not [each for each in lines if PIN in each]
    media = [each for each in await requested(line, call_id) if each in MEDIA]
    assert media[:2] == ["PauseRecording", "Recognize"]
    assert media.count("ResumeRecording") == 1


async def test_a_call_of_an_emergency_service_goes_to_the_step_that_rings(line: Line, administrator: str) -> None:
    plan = {"start": "quiet", "steps": RINGING}
    assert (await line.client.ask("PUT", PATH, administrator, plan)).status == 201
    call_id = await line.system.dial(to=ACCOUNT, **{"from": "+911"})
    call = await line.system.until(call_id, lambda call: call.state is CallState.ENDED)
    assert [(each.name, each.reason) for each in call.routing.visits] == [
        ("quiet.1", REASON),
        ("sales.1", "no one was available"),
        ("bye.1", ""),
    ]
    assert recording_status(call)[0] == "off"
    assert not {"StartRecording", "Play", "Recognize"} & set(await requested(line, call_id))


async def test_an_emergency_number_is_neither_added_nor_called_by_a_plan(line: Line, administrator: str) -> None:
    call_id = await line.connected()
    added = await line.command(f"calls/{call_id}/participants", {"targets": [{"number": "+112"}]})
    assert (added.status, added.data["code"], added.data["detail"]) == (409, "NotAllowed", REFUSAL), added.body
    away = {"type": "transfer", "to": {"number": "+49112"}, "otherwise": "bye"}
    plan = {"start": "away", "steps": {"away": away, "bye": {"type": "hangUp"}}}
    refused = await line.client.ask("PUT", PATH, administrator, plan)
    assert refused.status == 400
    assert [each["path"] for each in refused.data["errors"]] == ["steps.away.to.number"]
