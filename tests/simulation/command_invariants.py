"""What must hold of commands after every run, with any faults."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from emulator.acs.operations import EVERY_OPERATION
from shared.api.v1.calls.command import state_of
from shared.api.v1.calls.models import OperationState
from shared.calls.actions import Music
from shared.calls.capabilities import Call, command_outcome
from tests.simulation.platform import START
from tests.simulation.supervisors import Submission
from tests.simulation.versions import UNDECODABLE
from tests.simulation.world import RunResult

FINAL = {"succeeded", "failed", "canceled"}
REPEATABLE = {operation.name for operation in EVERY_OPERATION if operation.repeatable}
LATENESS = timedelta(minutes=10)  # the longest pause between two tries, leases and the next sweep among them
IN_FLIGHT = 10.0  # seconds for which a request that was leased before the call's end can still be sent


def carried_out_once(result: RunResult) -> Iterator[str]:
    """ACS carries out a command's request at most once, however often it is clicked, sent and repeated. Every try bears
    the command's id, where ACS takes one.

    Except where ACS does not recognize a repeated request: it takes no repeatability id with it, or has forgotten the
    id. Such a command is sent again if its invocation died, or got no response and no event of it within two seconds.
    """
    for call in _known(result):
        for context, requested in call.operations.requested.items():
            requests = _requests(result, context)
            if any(entry["operation"] in REPEATABLE and context != _ids_of(entry)[1] for entry in requests):
                yield f"call {call.id}: {requested.action.name} was sent under another repeatability id"
            done = [entry for entry in requests if entry["status"] < 300 and not entry["repeated"]]
            if len(done) > 1 and not may_repeat(result, done):
                yield f"call {call.id}: {requested.action.name} was carried out {len(done)} times"


def one_for_each_key(result: RunResult) -> Iterator[str]:
    """All requests with one key are one command; so are equal ones without a key, while the first is under way."""
    ids: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for each in result.submissions:
        if each.state is not None:
            ids[each.call_id, each.requested_by, each.command.key].add(each.state.id)
    calls = {call.id: call for call in _known(result)}
    for (call_id, _, key), found in ids.items():
        if key and len(found) > 1:
            yield f"call {call_id}: the key {key} stands for {len(found)} commands"
        elif not key and not result.skewed:
            yield from _at_once(calls[call_id], found - {each.context for each in result.submissions})


def _at_once(call: Call, ids: set[str]) -> Iterator[str]:
    """Equal commands of a caller that were under way at the same time."""
    commands = sorted(((id, call.operations.requested[id]) for id in ids), key=lambda each: each[1].at)
    for (id, first), (_, second) in itertools.combinations(commands, 2):
        outcome = command_outcome(call, id)
        if first.action == second.action and (outcome is None or outcome.at > second.at):
            yield f"call {call.id}: two equal commands {first.action.name} at once"


def has_an_outcome(result: RunResult) -> Iterator[str]:
    """An accepted command is in the row, and ends with an outcome: the platform's, the app's, or the call's end. A
    success stays one; a failure that the app concluded by itself is corrected by an event of the platform.
    """
    calls = {call.id: call for call in _known(result)}
    for each in result.submissions:
        call = calls.get(each.call_id)
        if each.problem == "Fault":
            yield f"call {each.call_id}: {each.command.do} met an unexpected error"
        if each.state is not None and call is not None:
            yield from _without_outcome(each, each.state, call, is_over=call.id in result.calls)
    for call in result.calls.values():
        yield from _late(result, call)


def _without_outcome(each: Submission, state: OperationState, call: Call, *, is_over: bool) -> Iterator[str]:
    if state.id not in call.operations.requested:
        yield f"call {call.id}: {each.command.do} was accepted, and is not in the row"
        return
    status = state_of(call, state.id).status
    if is_over and status not in FINAL:
        yield f"call {call.id}: {each.command.do} is still {status}"
    if state.status == "succeeded" and status != "succeeded":
        yield f"call {call.id}: {each.command.do} had succeeded, and is {status}"


def leaves_no_trace(result: RunResult) -> Iterator[str]:
    """A command that the API refuses is not in the row, and ACS is not asked for it. One that is sent when the row
    says that the call is over is refused for that reason.
    """
    for each in result.submissions:
        over = result.ended.get(each.call_id)
        if over is not None and each.sent_at > over and each.is_accepted and not _was_sent_before(result, each):
            yield f"call {each.call_id}: {each.command.do} was accepted after the end"
        is_there = any(each.context in call.operations.requested for call in _known(result))
        if is_there and each.status in range(400, 500) and not _was_taken(result, each):
            yield f"call {each.call_id}: {each.command.do} was refused, and is in the row"


def nothing_after_the_end(result: RunResult) -> Iterator[str]:
    """Once the row says that the call is over, nothing is wanted of ACS for a command, and nothing is asked any more.
    An invocation that was frozen goes on where it was.
    """
    for action in result.late:
        yield f"{action} is wanted after the end"
    for call in result.calls.values():
        over = result.ended.get(call.id, result.seconds)
        for context, requested in call.operations.requested.items():
            for entry in _requests(result, context):
                late = _seconds(entry["received"]) - over
                if late > IN_FLIGHT and not result.schedule.freezes:
                    yield f"call {call.id}: {requested.action.name} was sent {late:.0f} s after the end"


def _known(result: RunResult) -> Iterator[Call]:
    yield from result.calls.values()
    yield from result.unreadable.values()


def _requests(result: RunResult, context: str) -> list[dict[str, Any]]:
    """The requests to ACS with an operation context, or with it as their repeatability id."""
    return [e for e in result.journal if e["kind"] == "acs.request" and context in _ids_of(e) and e["status"]]


def _ids_of(entry: dict[str, Any]) -> tuple[Any, Any]:
    body = entry["body"] if isinstance(entry["body"], dict) else {}
    return body.get("operationContext"), entry["headers"].get("Repeatability-Request-ID")


def may_repeat(result: RunResult, done: list[dict[str, Any]]) -> bool:
    if done[0]["operation"] in REPEATABLE:
        return not result.schedule.options.get("repeatability", True)
    died = bool(
        result.struck["crash"] or result.struck["zombie"] or result.struck["deploy"] or result.struck["setting wrong"]
    )
    lost = [sent for sent in result.sent if sent.operation == done[0]["operation"] and sent.status == 0]
    return died or len(lost) >= len(done) - 1


def _was_taken(result: RunResult, refused: Submission) -> bool:
    """Whether another request with the key may have been taken: it was accepted, or its response was lost."""
    same = (each for each in result.submissions if each.context == refused.context and each is not refused)
    return any(each.is_accepted or each.status not in range(400, 500) for each in same)


def _was_sent_before(result: RunResult, late: Submission) -> bool:
    return any(each.context == late.context and each.sent_at < late.sent_at for each in result.submissions)


def _late(result: RunResult, call: Call) -> Iterator[str]:
    """Commands whose outcome took longer than everything that it may have to wait for, while the call went on."""
    if {UNDECODABLE} & set(result.schedule.kinds) or result.schedule.changes:
        return
    for context, requested in call.operations.requested.items():
        if isinstance(requested.action, Music):  # until it is cancelled
            continue
        limit = requested.at + requested.action.outcome_timeout + LATENESS
        outcome = command_outcome(call, context)
        if (call.ended_at or limit) > limit and (outcome is None or not outcome.is_final):
            yield f"call {call.id}: {requested.action.name} had no outcome by {limit:%H:%M:%S}"


def _seconds(at: str) -> float:
    return (datetime.fromisoformat(at) - START).total_seconds()
