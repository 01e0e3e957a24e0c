"""The queries, run over the app's telemetry lines.

They run on DuckDB, by a translation of Kusto that is not Microsoft's; how Kusto itself understands them is looked at in
``test_queries.py``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from local.stack import ROOT
from shared.platform import telemetry
from shared.platform.telemetry import TelemetryEvent, emit

CALLS = [f"20261121-{number:032x}" for number in range(6)]


def life(number: int, *events: tuple[type[TelemetryEvent], Any]) -> list[TelemetryEvent]:
    ids = (CALLS[number], f"correlation-{number}")
    return [kind(*ids, *(values if isinstance(values, tuple) else (values,))) for kind, values in events]


ENDED = (telemetry.CallSettled, ("ended", 200, 7000, 180.0))
ARCHIVED = (telemetry.RecordingSettled, ("archived", 0, 0))
EMITTED = [
    *life(0, (telemetry.Notified, 0.2), (telemetry.CallSettled, ("missed", 0, 0, 0.0))),
    *life(0, (telemetry.Answered, 0.1), ENDED, ARCHIVED),  # it rose after all: it is no missed call
    *life(1, (telemetry.Notified, 0.2), (telemetry.Answered, 0.2), (telemetry.Connected, 0.7), ENDED, ARCHIVED),
    *life(2, (telemetry.Answered, 0.3), (telemetry.StepFailed, ("StartRecording", 400, 8500)), ENDED),
    *life(2, (telemetry.RecordingSettled, ("not recorded", 400, 8500))),
    *life(3, (telemetry.Answered, 3.0), (telemetry.Heard, 1.5), ENDED, (telemetry.RecordingSettled, ("lost", 0, 0))),
    *life(4, (telemetry.CallSettled, ("missed", 0, 0, 0.0))),
    *life(5, (telemetry.CallSettled, ("rejected", 0, 0, 0.0))),
    telemetry.Quarantined("call_event"),
    telemetry.CallbackRefused(401),
    telemetry.Swept(0),
    telemetry.Swept(2),
]
OTHER_LINES = ["call 20261121-0: connected", "Executing 'Functions.incoming_call' (Id=…)", "sweep: 2 calls woken"]


Answers = dict[str, list[dict[str, Any]]]


def run_queries(lines: list[str]) -> Answers:
    """What each query answers over these lines."""
    queries = {path.stem: path.read_text() for path in (ROOT / "infra/queries").glob("*.kql")}
    events = queries.pop("events")
    one_call = queries.pop("one-call")
    queries |= {by: one_call.replace("{Call}", by) for by in (CALLS[2], "correlation-2")}
    given = {"lines": lines, "queries": {name: f"{events}\n{query}" for name, query in queries.items()}}
    command = [sys.executable, str(ROOT / "tests/infra/duck.py")]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)  # noqa: S603
    answers: Answers = json.loads(done.stdout)
    return answers


@pytest.fixture(scope="module")
def insights() -> Answers:
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telemetry.log, "info", lambda text, *parts: lines.append(text % parts))
        emit(*EMITTED)
    return run_queries([*OTHER_LINES, *lines])


@pytest.fixture(scope="module")
def silence() -> Answers:
    return run_queries(OTHER_LINES)


def test_answered_and_missed(insights: Answers) -> None:
    (seen,) = insights["answered"]
    assert seen == {"answered": 4, "missed": 1, "rejected": 1, "minutes": 12.0, "answered_percent": 80.0}


def test_how_calls_ended(insights: Answers) -> None:
    assert {row["state"]: row["calls"] for row in insights["calls"]} == {"ended": 4, "missed": 1, "rejected": 1}
    assert {(row["state"], row["code"]): row["calls"] for row in insights["results"]} == {
        ("ended", 200): 4,
        ("missed", 0): 1,
        ("rejected", 0): 1,
    }


def test_the_phases_of_answering(insights: Answers) -> None:
    seen = {row["phase"]: (row["calls"], row["longest"]) for row in insights["latencies"]}
    assert seen == {
        "call.notified": (2, 0.2),
        "call.answered": (4, 3.0),
        "call.connected": (1, 0.7),
        "call.heard": (1, 1.5),
    }
    assert {row["phase"] for row in insights["latencies-over-time"]} == set(seen)


def test_recordings_and_why_there_are_none(insights: Answers) -> None:
    seen = {row["status"]: row["calls"] for row in insights["recordings"]}
    assert seen == {"archived": 2, "not recorded": 1, "lost": 1}
    assert [(row["code"], row["sub_code"], row["calls"]) for row in insights["not-recorded"]] == [(400, 8500, 1)]


def test_errors_by_code(insights: Answers) -> None:
    (seen,) = insights["errors"]
    assert (seen["step"], seen["code"], seen["sub_code"], seen["times"]) == ("StartRecording", 400, 8500, 1)


def test_quarantined_events_refused_callbacks_and_late_timers(insights: Answers) -> None:
    assert {row["what"]: row["times"] for row in insights["quarantined"]} == {
        "quarantined: call_event": 1,
        "callback answered with 401": 1,
        "timers replaced by the sweep": 1,
    }


@pytest.mark.parametrize("by", [CALLS[2], "correlation-2"])
def test_one_call(insights: Answers, by: str) -> None:
    seen = [row["name"] for row in insights[by]]
    assert seen == ["call.answered", "step.failed", "call.settled", "recording.settled"]


ALERTS = {
    "alert-missed": [CALLS[4]],
    "alert-lost": [CALLS[3]],
    "alert-quarantine": ["call_event"],
    "alert-callbacks-refused": [401],
    "alert-answer-slow": [3.0],
    "alert-not-recorded": [25.0],
    "alert-silent": [2],
}


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_fires_on_its_telemetry(insights: Answers, name: str) -> None:
    column = {"alert-missed": "call", "alert-lost": "call", "alert-quarantine": "source",
              "alert-callbacks-refused": "status", "alert-answer-slow": "p95", "alert-not-recorded": "percent",
              "alert-silent": "runs"}[name]  # fmt: skip
    assert [row[column] for row in insights[name]] == ALERTS[name]


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_does_not_fire_without_telemetry(silence: Answers, name: str) -> None:
    """Except the alert for missing telemetry."""
    assert silence[name] == ([{"runs": 0}] if name == "alert-silent" else [])
