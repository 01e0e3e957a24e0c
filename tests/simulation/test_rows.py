"""A deployment in mid-call: the current version reads and processes the rows in ``rows/``, written by version 2.

The rows are those of a simulated call at five moments; ``write_rows`` has written them. They are not to be changed; a
new version of the format gets rows of its own beside them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from msgspec.structs import replace

from shared.calls.actions import ArchiveChunk, Play, StartRecording
from shared.calls.capabilities import Call, recording_status, reduce
from shared.calls.capabilities.lifecycle import CallDisconnected
from shared.calls.capabilities.recording import RecordingStateChanged, RecordingStatus
from shared.calls.event import Event, timer_fired
from shared.calls.state import CallState
from shared.storage import calls as store
from tests.simulation.storage import Tables, plain
from tests.simulation.world import Schedule, simulate

FOLDER = Path(__file__).parent / "rows"
ROWS = sorted(FOLDER.glob("*.json"))
OVER = {RecordingStatus.ARCHIVED, RecordingStatus.NOT_RECORDED, RecordingStatus.LOST}

MOMENTS: dict[str, Callable[[Call], bool]] = {
    "answered": lambda call: call.state is CallState.ANSWERED,
    "recording-asked": lambda call: _awaits(call, StartRecording) and bool(call.recording.recordings),
    "announcing": lambda call: _awaits(call, Play),
    "archiving": lambda call: any(isinstance(effect.action, ArchiveChunk) for effect in call.effects),
    "archived": lambda call: recording_status(call)[0] is RecordingStatus.ARCHIVED,
}


def _awaits(call: Call, action: type) -> bool:
    return any(isinstance(effect.action, action) and effect.performed for effect in call.effects)


def write_rows() -> None:
    """Write the rows of a new version:

    ``python -c 'from tests.simulation.test_rows import write_rows; write_rows()'``
    """
    written: list[dict[str, Any]] = []
    write = Tables._write

    def noting(self: Tables, name: str, key: tuple[str, str], properties: dict[str, Any]) -> Any:
        written.extend([properties] if name == "calls" else [])
        return write(self, name, key, properties)

    with patch.object(Tables, "_write", noting):
        simulate(Schedule("rows"))
    for moment, has_come in MOMENTS.items():
        kept = next(properties for properties in written if has_come(store.decode(plain(properties))))
        text = json.dumps(kept, indent=2, sort_keys=True)
        (FOLDER / f"v{store.VERSION}-{moment}.json").write_text(f"{text}\n")


def row(name: str) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return plain(kept)


def test_there_is_a_row_of_each_moment() -> None:
    assert {path.stem for path in ROWS} == {f"v2-{moment}" for moment in MOMENTS}


@pytest.mark.parametrize("path", ROWS, ids=[path.stem for path in ROWS])
def test_a_row_of_version_2_still_has_the_same_meaning(path: Path) -> None:
    kept = row(path.stem)
    call = store.decode(kept)
    assert kept["version"] == 2
    assert MOMENTS[path.stem.removeprefix("v2-")](call)
    assert call.state == kept["state"]
    assert recording_status(call)[0] == kept["recording_status"]
    assert store.decode(store.encode(call, store.Row())) == call


@pytest.mark.parametrize("path", ROWS, ids=[path.stem for path in ROWS])
def test_a_call_of_version_2_ends(path: Path) -> None:
    call = store.decode(row(path.stem))
    assert call.lifecycle.called_at is not None
    now = call.lifecycle.called_at + timedelta(hours=1)
    over = Event("over", "CallDisconnected", now, CallDisconnected(call_connection_id=call.call_connection_id or "c"))
    call, _ = reduce(call, over, now)
    assert call.state is CallState.ENDED
    for hours in (2, 26, 30):
        call, _ = reduce(call, timer_fired(now + timedelta(hours=hours)), now + timedelta(hours=hours))
    assert recording_status(call)[0] in OVER or call.effects


def test_the_effects_of_a_row_of_version_2_remain() -> None:
    call = store.decode(row("v2-archiving"))
    assert call.effects
    later = max(effect.leased_until or effect.due for effect in call.effects) + timedelta(seconds=1)
    _, effects = reduce(call, timer_fired(later), later)
    assert {effect.id for effect in effects} == {effect.id for effect in call.effects}


def test_a_recording_that_version_2_started_is_announced() -> None:
    call = store.decode(row("v2-recording-asked"))
    (asked,) = call.effects
    at = asked.due
    recording_id = next(iter(call.recording.recordings))
    payload = RecordingStateChanged(call_connection_id="c", recording_id=recording_id, state="active")
    call, effects = reduce(call, Event("active", "RecordingStateChanged", at, payload), at)
    assert recording_status(call)[0] is RecordingStatus.ACTIVE
    assert [type(effect.action).__name__ for effect in effects] == ["Play"]
    assert replace(call, effects=()) != Call(id=call.id)
