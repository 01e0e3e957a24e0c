"""When things happened in a run, as spans of seconds from its begin: who was in a call, and what its caller heard."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from emulator.acs.calls import Call as AcsCall
from emulator.acs.parties import CALL
from shared.calls.capabilities import Call
from shared.calls.event import PREFIX
from tests.simulation.platform import START
from tests.simulation.world import RunResult

LEASED = 90.0  # seconds until the work of an instance that died is taken over: a lease, and the sweep after it
AWAITED = 255.0 + LEASED  # seconds until an outcome that no event reports counts as a failure: that of a recognition
ATTENDED = {"Recognize", "TransferToParticipant"}
ATTENDED_EVENTS = ("Recognize", "CallTransfer")

Span = tuple[float, float]


def presence(acs: AcsCall, raw_id: str, until: float) -> list[Span]:
    """When a party was in the call."""
    person = acs.participants.get(raw_id)
    if person is None:
        return []
    moments = [*person.presence.moments, until]
    return [(a, b) for a, b in itertools.pairwise(moments) if person.presence.at(a).place == CALL or _apart(person, a)]


def _apart(person: Any, moment: float) -> bool:
    return bool(person.presence.at(moment).place.startswith("apart"))


def together(result: RunResult, one: tuple[AcsCall, str], other: tuple[AcsCall, str]) -> Iterator[Span]:
    spans = itertools.product(presence(*one, result.seconds), presence(*other, result.seconds))
    return ((max(a[0], b[0]), min(a[1], b[1])) for a, b in spans if max(a[0], b[0]) < min(a[1], b[1]))


def sounds(result: RunResult, acs: AcsCall) -> Iterator[Span]:
    for sound in acs.sounds.log:
        if sound.speaker is None and (sound.listeners is None or acs.far_end["rawId"] in sound.listeners):
            yield sound.start, result.seconds if sound.end is None else sound.end


def others(result: RunResult, acs: AcsCall) -> Iterator[Span]:
    for raw_id in acs.participants:
        if raw_id != acs.far_end["rawId"]:
            yield from presence(acs, raw_id, result.seconds)


def attended(result: RunResult) -> Iterator[Span]:
    """From each recognition and transfer that ACS accepted to the event of its outcome: the caller is listened to, or
    hears the ringing.
    """
    ends = dict(_outcomes(result))
    for entry in result.journal:
        if entry["kind"] == "acs.request" and entry["operation"] in ATTENDED and entry["status"] in range(200, 300):
            yield _at(entry["received"]), ends.get(entry["body"].get("operationContext"), result.seconds)


def _outcomes(result: RunResult) -> Iterator[tuple[str, float]]:
    for entry in result.journal:
        for event in entry["events"] if entry["kind"] == "callback" else ():
            if event["type"].removeprefix(PREFIX).startswith(ATTENDED_EVENTS):
                yield event["data"].get("operationContext"), _at(event["time"])


def on_its_way(call: Call) -> Iterator[Span]:
    """From an event to the time at which the app received it: the timeline has both."""
    for entry in call.timeline:
        yield seconds_of(entry.at), seconds_of(entry.received)


def lost(result: RunResult, call: Call) -> Iterator[Span]:
    """From an event that never reached the row, as long as the app waits for it."""
    known = {entry.id for entry in call.timeline}
    for entry in result.journal:
        for event in entry["events"] if entry["kind"] == "callback" else ():
            if event["id"] not in known and event["data"].get("callConnectionId") == call.call_connection_id:
                yield _at(event["time"]), _at(event["time"]) + AWAITED


def gaps(span: Span, covered: Iterable[Span]) -> Iterator[Span]:
    """The parts of a span that nothing covers."""
    at, until = span
    for begin, end in sorted(covered):
        if begin > at:
            yield at, min(begin, until)
        at = max(at, end)
        if at >= until:
            return
    yield at, until


def seconds_of(moment: datetime) -> float:
    return (moment - START).total_seconds()


def _at(text: str) -> float:
    return seconds_of(datetime.fromisoformat(text))
