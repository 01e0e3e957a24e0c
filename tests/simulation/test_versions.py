"""Rows that another version of the app has written, found in the middle of a call."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest

from shared.calls.capabilities import recording_status
from shared.calls.capabilities.participants import Participants
from shared.calls.capabilities.prompts import Prompts
from shared.storage import calls as store
from tests.simulation.invariants import broken
from tests.simulation.schedules import KINDS
from tests.simulation.storage import plain
from tests.simulation.versions import ADDED, COLUMNS, EXTENDED, FOR_GOOD, NEWER, UNDECODABLE, as_before
from tests.simulation.world import Caller, RunResult, Schedule, simulate

MOMENTS = [0.05, 0.2, 1.0, 8.0, 30.0]  # seconds; the call lasts for 20, and is archived by the last of them


def row() -> dict[str, Any]:
    result = simulate(Schedule("row", callers=(Caller(0.0, 5.0),), settings={"RECORDING": "off"}))
    (entity,) = result.entities.values()
    return entity


def test_a_row_of_the_version_before_has_neither_the_capabilities_nor_the_columns_that_were_added() -> None:
    entity = row()
    assert {"participants", "tenant"} <= {*entity}
    assert not {*ADDED, *COLUMNS} & {name.partition("@")[0] for name in as_before(entity)}


def test_the_rest_of_the_row_stays() -> None:
    entity = row()
    before, now = store.decode(plain(as_before(entity))), store.decode(plain(entity))
    assert now.participants != Participants()
    assert (before.participants, before.prompts) == (Participants(), Prompts())
    assert (before.timeline, before.lifecycle, before.operations) == (now.timeline, now.lifecycle, now.operations)


def test_a_compressed_capability_is_removed_too() -> None:
    packed = base64.b64encode(zlib.compress(b'{"part":{}}')).decode()
    long = row() | {"prompts_z": packed, "prompts_z@odata.type": "Edm.Binary", "prompts_z_1": ""}
    assert not any(name.startswith("prompts") for name in as_before(long))


@pytest.mark.parametrize("at", MOMENTS)
def test_a_deployment_at_any_moment_of_a_call_leaves_it_archived(at: float) -> None:
    assert "deploy" in KINDS
    result = simulate(Schedule("deploy", callers=(Caller(0.0, 20.0),), deploys=(at,)))
    assert broken(result) == []
    (entity,) = result.entities.values()
    assert (entity["state"], entity["recording_status"]) == ("ended", "archived")
    assert at > 20 or entity["tenant"]


FOUR_HOURS = 4 * 3600.0
MOST_WAKES = 10  # of a call in four hours
MOST_FAILURES = 60  # Event Grid delivers each event about ten times in four hours


def life_of(change: str, at: float, seconds: float) -> RunResult:
    result = simulate(
        Schedule("versions", kinds=(change,), callers=(Caller(0.0, 20.0),), changes=((at, change, seconds),))
    )
    assert broken(result) == []
    return result


def failures(result: RunResult) -> int:
    return sum(invocation.error is not None for invocation in result.invocations if invocation.begun < FOUR_HOURS)


def wakes(result: RunResult) -> int:
    return sum(done.function == "wake_call" for done in result.invocations if done.begun < FOUR_HOURS)


def quarantined(result: RunResult, source: str) -> list[dict[str, Any]]:
    records = [json.loads(blob) for blob in result.blobs["quarantine"].values()]
    return [record for record in records if record["source"] == source]


def is_quarantined_once_a_day(result: RunResult) -> bool:
    days = [record["received_at"][:10] for record in quarantined(result, "row")]
    return 0 < len(days) == len(set(days))


@pytest.mark.parametrize("seconds", [30.0, FOUR_HOURS])
@pytest.mark.parametrize("at", [0.2, 1.0, 8.0, 20.2])
def test_a_row_with_an_unknown_capability_is_processed_and_keeps_it(at: float, seconds: float) -> None:
    result = life_of(EXTENDED, at, seconds)
    assert result.struck[EXTENDED] == 1
    (call,) = result.calls.values()
    assert (call.state, failures(result)) == ("ended", 0)
    assert wakes(result) <= MOST_WAKES


@pytest.mark.parametrize("at", [0.2, 1.0, 8.0, 20.2])
def test_events_of_a_call_in_a_newer_format_are_delivered_until_it_can_be_read(at: float) -> None:
    result = life_of(NEWER, at, 1800.0)
    (call,) = result.calls.values()
    assert failures(result) > 0
    assert recording_status(call) == ("archived", None)
    assert len(quarantined(result, "row")) == 1
    assert len(result.blobs["quarantine"]) == 1


@pytest.mark.parametrize("at", [0.2, 1.0, 8.0, 20.2])
def test_a_row_that_stays_in_a_newer_format_causes_no_storm(at: float) -> None:
    result = life_of(NEWER, at, FOR_GOOD)
    assert result.seconds > FOUR_HOURS
    assert 0 < failures(result) < MOST_FAILURES
    assert wakes(result) <= MOST_WAKES
    assert is_quarantined_once_a_day(result)


@pytest.mark.parametrize("seconds", [30.0, FOR_GOOD])
@pytest.mark.parametrize("at", [0.2, 1.0, 8.0, 20.2])
def test_events_of_a_call_whose_row_cannot_be_decoded_are_quarantined(at: float, seconds: float) -> None:
    result = life_of(UNDECODABLE, at, seconds)
    assert failures(result) == 0
    assert wakes(result) <= MOST_WAKES
    assert is_quarantined_once_a_day(result)
    assert len(result.blobs["quarantine"]) > len(quarantined(result, "row"))
