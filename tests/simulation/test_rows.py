"""A deploy in mid-call: rows as version 1 wrote them, kept in ``rows/``, are read and carried on by the app of today.

The rows are what a run of the simulator left at five moments of a call. They are not to be changed; a new version of
the format gets rows of its own beside them.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from shared.calls.call import Call, RecordingStatus, State
from shared.calls.events import CallbackPayload, Event, RecordingStatePayload
from shared.calls.machine import recording_status, reduce
from shared.storage import calls as store
from tests.simulation.storage import plain

ROWS = sorted((Path(__file__).parent / "rows").glob("*.json"))
OVER = {RecordingStatus.ARCHIVED, RecordingStatus.NOT_RECORDED, RecordingStatus.LOST}


def row(name: str) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads((Path(__file__).parent / "rows" / f"{name}.json").read_text())
    return plain(kept)


@pytest.mark.parametrize("path", ROWS, ids=[path.stem for path in ROWS])
def test_a_row_of_version_1_says_now_what_it_said_then(path: Path) -> None:
    kept = row(path.stem)
    call = store._call(kept)
    assert kept["version"] == 1
    assert call.state == kept["state"]
    assert recording_status(call)[0] == kept["recording"]
    assert store._call(store._entity(call, datetime.fromisoformat("2026-11-21T09:01:00+00:00"))) == call


@pytest.mark.parametrize("path", ROWS, ids=[path.stem for path in ROWS])
def test_a_call_of_version_1_comes_to_its_end(path: Path) -> None:
    call = store._call(row(path.stem))
    assert call.called_at is not None
    now = call.called_at + timedelta(hours=1)
    over = Event("over", "CallDisconnected", now, CallbackPayload(call_connection_id=call.call_connection_id or "c"))
    call, _ = reduce(call, over, now)
    assert call.state is State.ENDED
    for hours in (2, 26, 30):
        call, _ = reduce(call, Event(f"woken {hours}", "Woken", now, None), now + timedelta(hours=hours))
    assert recording_status(call)[0] in OVER or call.effects


def test_what_version_1_had_asked_for_is_still_asked_for() -> None:
    call = store._call(row("v1-archiving"))
    later = max(effect.claimed_until or effect.due for effect in call.effects) + timedelta(seconds=1)
    _, effects = reduce(call, Event("woken", "Woken", later, None), later)
    assert {effect.id for effect in effects} == {effect.id for effect in call.effects}


def test_what_version_1_had_begun_is_brought_to_its_end() -> None:
    call = store._call(row("v1-recording-asked"))
    (asked,) = call.effects
    at = asked.due
    payload = RecordingStatePayload(call_connection_id="c", recording_id=next(iter(call.recordings)), state="active")
    call, effects = reduce(call, Event("active", "RecordingStateChanged", at, payload), at)
    assert recording_status(call)[0] is RecordingStatus.ACTIVE
    assert [type(effect.action).__name__ for effect in effects] == ["Play"]
    assert replace(call, effects=()) != Call(id=call.id)
