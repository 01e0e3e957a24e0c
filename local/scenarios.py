"""The scenarios of the demo: how the emulated platform behaves, and the outcome that is expected."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from local.stack import Stack
from local.supervisor import Supervisor
from shared.calls.capabilities import Call, recording_status
from shared.calls.capabilities.recording import NOTICE, RecordingStatus
from shared.calls.effect import effect_id
from shared.calls.operations import OutcomeStatus
from shared.calls.state import CallState

ACCOUNT = "11111111-1111-4111-8111-111111111111"  # the resource account that is dialled: contoso's Support line
CALLER = "+12065551212"

TYPE = "Microsoft.Communication."
TRANSIENT = {"where": "recording", "do": "fail", "code": 429, "subCode": 8530, "message": "Too many active calls."}
FINAL = {"where": "recording", "do": "fail", "code": 403, "subCode": 0, "message": "Forbidden."}


async def _nothing(_: Stack, __: aiohttp.ClientSession) -> None:
    pass


@dataclass(frozen=True)
class Scenario:
    """``check`` returns the faults of the outcome, given the call and the journal; nothing if all is well. ``prepare``
    is performed before the call comes in. ``place`` makes the call instead of ``dial``, and returns the call at the
    emulator and the app's id of it. ``act`` is performed while it is under way, and returns the faults that it
    finds. Both raise Unexpected. ``media`` are the settings of the media service; None: there is none.
    """

    name: str
    story: str
    dial: dict[str, Any]
    check: Callable[[Call, list[dict[str, Any]]], list[str]]
    faults: tuple[dict[str, Any], ...] = ()
    settings: dict[str, str] = field(default_factory=dict)
    seconds: float = 40.0  # until it must be over
    prepare: Callable[[Stack, aiohttp.ClientSession], Awaitable[None]] = _nothing
    place: Callable[[Stack, aiohttp.ClientSession], Awaitable[tuple[dict[str, Any], str]]] | None = None
    act: Callable[[Supervisor], Awaitable[list[str]]] | None = None
    media: dict[str, str] | None = None


def answers(journal: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers that ACS carried out: a repeated request is replayed, not carried out again."""
    return [e for e in requests(journal, "AnswerCall") if e["status"] == 200 and not e.get("repeated")]  # noqa: PLR2004


def requests(journal: list[dict[str, Any]], operation: str) -> list[dict[str, Any]]:
    return [e for e in journal if e["kind"] == "acs.request" and e["operation"] == operation]


def _recorded(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    wrong = _state(call, CallState.ENDED)
    status, reason = recording_status(call)
    if status is not RecordingStatus.ARCHIVED:
        wrong.append(f"the recording is {status}{f': {reason}' if reason else ''}, not archived")
    if len(answers(journal)) != 1:
        wrong.append(f"the call was answered {len(answers(journal))} times, not once")
    ids = {e["body"].get("callConnectionId") for e in requests(journal, "StartRecording")}
    if ids != {call.call_connection_id}:
        wrong.append("a recording was not started by the call's connection id")
    return wrong


def _recovered(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    attempts = len(requests(journal, "StartRecording"))
    wrong = [] if attempts == 3 else [f"{attempts} attempts to record, not 3"]  # noqa: PLR2004
    return wrong + _recorded(call, journal)


def _never_recorded(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    wrong = _state(call, CallState.ENDED)
    status, reason = recording_status(call)
    if status is not RecordingStatus.NOT_RECORDED or not reason:
        wrong.append(f"the recording is {status} ({reason}), not `not recorded` with a reason")
    notice = call.operations.outcome(effect_id(call.id, NOTICE))
    if notice is None or notice.status is not OutcomeStatus.SUCCEEDED:
        wrong.append(f"the caller did not hear the notice: {notice}")
    if not requests(journal, "TerminateCall"):
        wrong.append("the app did not end the call")
    return wrong


def _missed(call: Call, journal: list[dict[str, Any]]) -> list[str]:
    wrong = _state(call, CallState.MISSED)
    return [*wrong, "a call was answered after the ring window"] if requests(journal, "AnswerCall") else wrong


def _state(call: Call, expected: CallState) -> list[str]:
    return [] if call.state is expected else [f"the call is {call.state}, not {expected}"]


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "happy",
            "A caller dials a resource account, hears that the call is recorded, and hangs up after five seconds.",
            {"hangs_up_after": 5},
            _recorded,
        ),
        Scenario(
            "recording-fails-then-recovers",
            "ACS fails to start the recording twice, with a code that can pass. The app tries again after 2 and 5 s.",
            {"hangs_up_after": 12},
            _recovered,
            faults=(TRANSIENT | {"times": 2},),
        ),
        Scenario(
            "recording-never-starts",
            "ACS refuses to record, for good. The policy here: the caller hears a notice, and the call is ended.",
            {},
            _never_recorded,
            faults=(FINAL,),
            settings={"UNRECORDED_CALLS": "end"},
        ),
        Scenario(
            "duplicates-and-disorder",
            "The IncomingCall is delivered five times at once, every callback three times, and out of order.",
            {"hangs_up_after": 5},
            _recorded,
            faults=(
                {
                    "where": "eventgrid",
                    "match": {"type": f"{TYPE}IncomingCall"},
                    "do": "duplicate",
                    "count": 5,
                    "times": 1,
                },
                {"where": "callbacks", "do": "reorder", "count": 2, "seconds": 0.5},
                {"where": "eventgrid", "match": {"topic": "call-events"}, "do": "duplicate", "count": 3},
                {"where": "eventgrid", "match": {"topic": "acs"}, "do": "duplicate", "count": 2},
            ),
        ),
        Scenario(
            "missed-call",
            "The event reaches the app when the phone has stopped ringing: a missed call, which is not answered.",
            {"ringing_for": 31},
            _missed,
        ),
    )
}
