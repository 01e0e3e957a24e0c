"""What must hold of calls with a routing plan after every run, with any faults."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from emulator.acs.calls import Call as AcsCall
from emulator.acs.parties import CALL
from shared.calls.capabilities import Call
from shared.calls.capabilities.routing import StepReached
from shared.calls.event import PREFIX
from shared.calls.plans.base import Visit
from shared.calls.plans.leaving import HangUpStep
from tests.simulation.plans import LONGEST_WALK
from tests.simulation.platform import START
from tests.simulation.versions import NEWER, UNDECODABLE
from tests.simulation.world import BENT, RunResult, id_of

SILENCE = 10.0  # seconds without a sound and without a reason in the timeline
LEASED = 90.0  # seconds until the work of an instance that died is taken over: a lease, and the sweep after it
AWAITED = 255.0 + LEASED  # seconds until an outcome that no event reports counts as a failure: that of a recognition
MARGIN = 1.0  # seconds between a failure and the time of its entry
HELD_UP = {  # seconds that a fault can hold a call up, of which its row can say nothing
    "crash": LEASED,
    "zombie": LEASED,
    "deploy": LEASED,
    "setting wrong": LEASED,
    "storage 503": 30.0,
    "storage time-out": 30.0,
    "storage committed, not said": 30.0,
    BENT: AWAITED,
}
ATTENDED = {"Recognize", "TransferToParticipant"}
ATTENDED_EVENTS = ("Recognize", "CallTransfer")
EXPLAINING = ("Failed", "Canceled", "Rejected")  # how the types of events end that are a reason for silence

Span = tuple[float, float]


def walks_on(result: RunResult) -> Iterator[str]:
    """A walk goes on where the row says that it stands: no later row has fewer visits, or begins anew. Every step that
    the timeline says was reached is among the visits.
    """
    for id, walks in result.walks.items():
        for before, after in itertools.pairwise(walks):
            begun = [_begin(visit) for visit in before]
            if [_begin(visit) for visit in after[: len(before)]] != begun:
                yield f"call {id}: its plan stood at {_names(before)}, and then at {_names(after)}"
    for id, call in result.calls.items():
        visited = {f"{id}/plan/{visit.name}" for visit in call.routing.visits}
        for entry in call.timeline:
            if entry.type == StepReached.__name__ and entry.id not in visited:
                yield f"call {id}: it has reached {entry.text}, and its row says {_names(call.routing.visits)}"


def decided_once(result: RunResult) -> Iterator[str]:
    """What a visit chose, and where the call went on, stays as it was decided."""
    for id, walks in result.walks.items():
        for before, after in itertools.pairwise(walks):
            for was, now in zip(before, after, strict=False):
                decided = was.left_at is not None and (was.left_at, was.to, was.reason) != (
                    now.left_at,
                    now.to,
                    now.reason,
                )
                if decided or any(now.choices.get(name) != choice for name, choice in was.choices.items()):
                    yield f"call {id}: {was.name} led to {was.to} ({was.reason}), and then to {now.to} ({now.reason})"


def _begin(visit: Visit) -> tuple[str, int, datetime]:
    return visit.step, visit.number, visit.begun_at


def _names(visits: Iterable[Visit]) -> str:
    return ", ".join(visit.name for visit in visits) or "no step"


def reaches_an_end(result: RunResult) -> Iterator[str]:
    """A caller who waits long enough reaches an end of the plan, unless a command has taken the call over."""
    for acs, call in _planned(result):
        waits = acs.script.hangs_up_after or 0.0
        if waits > LONGEST_WALK + _delayed(result) and _was_answered(acs) and not _has_ended(call):
            yield f"call {call.id}: after {waits:.0f} s its plan stands at {_names(call.routing.visits)}"


def _was_answered(acs: AcsCall) -> bool:
    return acs.answered_at is not None


def _has_ended(call: Call) -> bool:
    last, plan = call.routing.visits[-1:], call.routing.plan
    return bool(last and plan and (last[0].left_at or isinstance(plan.steps[last[0].step], HangUpStep)))


def _delayed(result: RunResult) -> float:
    """The longest that the faults of a run can hold a call up, in seconds."""
    return float("inf") if {NEWER, UNDECODABLE} & set(result.schedule.kinds) else 24 * 3600.0


def never_silent(result: RunResult) -> Iterator[str]:
    """A caller who is in the call hears a prompt, music or another party, or is listened to; or the timeline says why
    not: an operation failed, or an event arrived late.

    Except while no row can be read or written, while the work of an instance that died waits for another one, and
    while an outcome is awaited whose event never arrives.
    """
    if {NEWER, UNDECODABLE} & set(result.schedule.kinds):
        return
    longest = SILENCE + sum(seconds * result.struck[kind] for kind, seconds in HELD_UP.items())
    for acs, call in _planned(result):
        for begin, end in _silences(result, acs, call):
            if end - begin > longest + result.skewed and not _explained(call, begin, end):
                yield f"call {call.id}: its caller heard nothing from {begin:.1f} to {end:.1f} s"


def _planned(result: RunResult) -> Iterator[tuple[AcsCall, Call]]:
    for acs in result.acs:
        call = result.calls.get(id_of(acs))
        if call is not None and call.routing.plan is not None:
            yield acs, call


def _silences(result: RunResult, acs: AcsCall, call: Call) -> list[Span]:
    """When the caller was in the call with the app, and heard nothing while the plan was under way."""
    spans = _presence(acs, acs.source["rawId"], result.seconds)
    heard = [*_sounds(result, acs), *_others(result, acs), *_attended(result), *_on_its_way(call), *_lost(result, call)]
    ended = [visit.left_at for visit in call.routing.visits[-1:] if visit.left_at]
    heard += [(_seconds(at), result.seconds) for at in ended]
    return [gap for span in spans for gap in _gaps(span, heard)]


def _presence(acs: AcsCall, raw_id: str, until: float) -> list[Span]:
    """When a party was in the call."""
    person = acs.participants.get(raw_id)
    if person is None:
        return []
    moments = [*person.presence.moments, until]
    return [(a, b) for a, b in itertools.pairwise(moments) if person.presence.at(a).place == CALL or _apart(person, a)]


def _apart(person: Any, moment: float) -> bool:
    return bool(person.presence.at(moment).place.startswith("apart"))


def _sounds(result: RunResult, acs: AcsCall) -> Iterator[Span]:
    for sound in acs.sounds.log:
        if sound.speaker is None and (sound.listeners is None or acs.source["rawId"] in sound.listeners):
            yield sound.start, result.seconds if sound.end is None else sound.end


def _others(result: RunResult, acs: AcsCall) -> Iterator[Span]:
    for raw_id in acs.participants:
        if raw_id != acs.source["rawId"]:
            yield from _presence(acs, raw_id, result.seconds)


def _attended(result: RunResult) -> Iterator[Span]:
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


def _on_its_way(call: Call) -> Iterator[Span]:
    """From an event to the time at which the app received it: the timeline has both."""
    for entry in call.timeline:
        yield _seconds(entry.at), _seconds(entry.received)


def _lost(result: RunResult, call: Call) -> Iterator[Span]:
    """From an event that never reached the row, as long as the app waits for it."""
    known = {entry.id for entry in call.timeline}
    for entry in result.journal:
        for event in entry["events"] if entry["kind"] == "callback" else ():
            if event["id"] not in known and event["data"].get("callConnectionId") == call.call_connection_id:
                yield _at(event["time"]), _at(event["time"]) + AWAITED


def _explained(call: Call, begin: float, end: float) -> bool:
    return any(
        begin - MARGIN <= _seconds(entry.at) <= end + MARGIN and entry.type.endswith(EXPLAINING)
        for entry in call.timeline
    )


def _gaps(span: Span, covered: Iterable[Span]) -> Iterator[Span]:
    """The parts of a span that nothing covers."""
    at, until = span
    for begin, end in sorted(covered):
        if begin > at:
            yield at, min(begin, until)
        at = max(at, end)
        if at >= until:
            return
    yield at, until


def _seconds(moment: datetime) -> float:
    return (moment - START).total_seconds()


def _at(text: str) -> float:
    return _seconds(datetime.fromisoformat(text))
