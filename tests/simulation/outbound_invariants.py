"""What must hold of outbound calls after every run, with any faults: of those that the app places, and of those that
agents' clients place on behalf of the resource account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from shared.calls.capabilities import Call
from shared.calls.state import CallState
from tests.simulation.command_invariants import may_repeat
from tests.simulation.outbound import Placement
from tests.simulation.plan_invariants import invitations
from tests.simulation.versions import NEWER, UNDECODABLE
from tests.simulation.world import BENT, RunResult, id_of

EVENTS_LOST = {BENT, "event never delivered", "event delayed", NEWER, UNDECODABLE, "clock skew", "setting wrong"}


def placed_once(result: RunResult) -> Iterator[str]:
    """An outbound call is dialled once, or not at all and its row says so, even if ACS recognizes no repeated request.
    All requests with one key are one call.
    """
    dialled = _dialled(result)
    for id, count in dialled.items():
        if count > 1:
            yield f"call {id} was dialled {count} times"
    for id, call in result.calls.items():
        if call.outbound.requested_at and not dialled.get(id) and not _says_why(call):
            yield f"call {id} was not dialled, and its row does not say so"
    for key, ids in _by_key(result).items():
        if key and len(ids) > 1:
            yield f"the key {key} stands for {len(ids)} calls"


def _dialled(result: RunResult) -> dict[str, int]:
    """How often ACS has dialled each call, by its id."""
    dialled: dict[str, int] = defaultdict(int)
    for entry in result.journal:
        is_done = entry["kind"] == "acs.request" and entry["status"] in range(200, 300) and not entry["repeated"]
        if is_done and entry["operation"] == "CreateCall":
            dialled[entry["body"]["callbackUri"].rpartition("/")[2]] += 1
    return dialled


def _says_why(call: Call) -> bool:
    return call.state is CallState.FAILED and any(
        entry.type == "ActionFailed" and entry.text.startswith("CreateCall: ") for entry in call.timeline
    )


def _by_key(result: RunResult) -> dict[str, set[str]]:
    ids: dict[str, set[str]] = defaultdict(set)
    for each in result.placements:
        if each.call_id:
            ids[each.outbound.key].add(each.call_id)
    return ids


def placed_truly(result: RunResult) -> Iterator[str]:
    """A request that was accepted has a row, no request meets an unexpected error, and a call that was picked up is not
    said to have failed. Except where its events are lost, late, or judged by a clock that is wrong.
    """
    for each in result.placements:
        yield from _unaccounted(result, each)
    for acs in result.acs:
        call = result.calls.get(id_of(acs))
        if call is None or acs.context is not None or acs.answered_at is None:
            continue
        if call.state is not CallState.ENDED and not EVENTS_LOST & set(result.schedule.kinds):
            yield f"call {call.id} was picked up, and is said to be {call.state}"


def _unaccounted(result: RunResult, placement: Placement) -> Iterator[str]:
    if placement.problem == "Fault":
        yield "a request for an outbound call met an unexpected error"
    if placement.call_id and placement.call_id not in result.calls | result.unreadable:
        yield f"call {placement.call_id} was accepted, and there is no row of it"


def callee_added_once(result: RunResult) -> Iterator[str]:
    """The callee of a call on behalf of the resource account is invited once. Except where ACS does not recognize a
    repeated request, as in "10 carried out once".
    """
    for acs in result.acs:
        call = result.calls.get(id_of(acs))
        for callee in call.on_behalf_of.callees if call else ():
            done: list[dict[str, Any]] = invitations(result, acs).get(callee, [])
            if len(done) > 1 and not may_repeat(result, done):
                yield f"call {id_of(acs)}: its callee was invited {len(done)} times"
