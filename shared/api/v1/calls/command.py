"""Commands: what the routes that act on a call have in common.

A command is carried out at once. The response is 200 with its outcome if that is known within the time of
``Prefer: wait=n``, and 202 with its state otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, to_builtins

from shared.api.problems import Problem
from shared.api.route import RequestContext, Result
from shared.api.v1.calls.access import controllable
from shared.api.v1.calls.models import Failure, OperationState, OperationStates, OperationStatus
from shared.calls import commands
from shared.calls.actions import AnyAction, HangUp
from shared.calls.capabilities import Call, command_outcome, command_result
from shared.calls.operations import Outcome
from shared.calls.result_codes import look_up
from shared.calls.state import CallState
from shared.platform import clock
from shared.service.allowed import refusal
from shared.service.commands import KeyReused, TooManyCommands, check, context_of
from shared.service.processor import TryAgain
from shared.storage.calls import Row

LONGEST_WAIT = 15  # seconds
CALL_ENDED = (404, 8522)  # how ACS answers a request about a call that has ended
_WAIT = re.compile(r"wait\s*=\s*\"?(\d{1,4})\"?", re.IGNORECASE)
_KEY = re.compile(r"[\x21-\x7e]{1,128}")


async def submitted(context: RequestContext, action: AnyAction) -> Result:
    """Carry out the action in the call of the path, and respond with its state."""
    call, (id,) = await _carried_out(context, [(idempotency_key(context), action)])
    state = state_of(call, id)
    return Result(202 if _is_under_way(state) else 200, state, _headers(context, f"operations/{id}"))


async def submitted_together(context: RequestContext, actions: Sequence[AnyAction]) -> Result:
    """Carry out several actions at once, each as an operation of its own, and respond with their states. ``GET
    participants`` shows them, too.
    """
    key = idempotency_key(context)
    call, ids = await _carried_out(context, [(key and f"{key} {n}", each) for n, each in enumerate(actions)])
    states = tuple(state_of(call, id) for id in ids)
    under_way = any(_is_under_way(state) for state in states)
    return Result(202 if under_way else 200, OperationStates(states), _headers(context, "participants"))


Keyed = Sequence[tuple[str, AnyAction]]  # actions with their idempotency keys


async def _carried_out(context: RequestContext, actions: Keyed) -> tuple[Call, list[str]]:
    """The call with the commands, and their contexts."""
    row = await controllable(context)
    try:
        sent = await _sent(context, row, actions)
        call = await context.commands.wait(context.path["callId"], sent, _seconds(context))
        for id, action in sent.items():
            check(call, id, action)
    except KeyReused:
        raise Problem("KeyReused") from None
    except TooManyCommands:
        raise Problem("TooManyCommands") from None
    except TryAgain:
        raise Problem("Busy", headers={"Retry-After": "1"}) from None
    return call, list(sent)


async def _sent(context: RequestContext, row: Row, actions: Keyed) -> dict[str, AnyAction]:
    """The commands by their contexts. One that is known is not sent again, whatever has become of the call."""
    call: Call = row.call  # type: ignore[assignment]  # ``controllable`` returns no other row
    by = context.caller.name
    found = {context_of(call, action, by, key): action for key, action in actions}
    new = {id: action for id, action in found.items() if id not in call.operations.requested}
    for action in new.values():
        _check(call, action)
    if new:
        await context.commands.submit(row, new, by)
    return found


def _check(call: Call, action: AnyAction) -> None:
    """Raises Problem unless the call is connected and the platform allows the action in it."""
    if call.state is not CallState.CONNECTED:
        raise Problem("CallNotConnected", f"The call is {call.state}.")
    refused = refusal(call, action)
    if refused:
        raise Problem("NotAllowed", refused)


def _headers(context: RequestContext, location: str) -> dict[str, str]:
    headers = {"Location": f"{context.request.base_url}/calls/{context.path['callId']}/{location}"}
    if "prefer" in context.request.headers:
        headers["Preference-Applied"] = f"wait={_seconds(context)}"
    return headers


def _is_under_way(state: OperationState) -> bool:
    return state.status in {"requested", "accepted"}


def state_of(call: Call, id: str) -> OperationState:
    requested = call.operations.requested[id]
    outcome = command_outcome(call, id)
    status, failure, ended_at = _status(call, id, outcome)
    return OperationState(
        id=id,
        name=requested.action.name,
        status=status,
        requested_at=requested.at,
        requested_by=requested.by,
        parameters=parameters_of(requested.action),
        ended_at=ended_at,
        failure=failure,
        result=command_result(call, id),
    )


def _status(call: Call, id: str, outcome: Outcome | None) -> tuple[OperationStatus, Failure | None, datetime | None]:
    """An operation of a call that has ended is over, too: a hang-up has succeeded, and any other one has failed."""
    if outcome is not None and outcome.is_final:
        failed = outcome.status.value == "failed"
        failure = _failure(outcome.code, outcome.sub_code, outcome.message) if failed else None
        return outcome.status.value, failure, outcome.at  # type: ignore[return-value]  # final ones are statuses
    if not call.state.is_settled or commands.can_come_late(call, id, outcome, clock.now()):
        return ("accepted" if outcome else "requested"), None, None
    if isinstance(call.operations.requested[id].action, HangUp):
        return "succeeded", None, call.ended_at
    return "failed", _failure(*CALL_ENDED), call.ended_at


def _failure(code: int, sub_code: int, message: str = "") -> Failure:
    """``message`` is ACS's, or that of this app for a failure without codes."""
    known = look_up(code, sub_code)
    return Failure(code, sub_code, known.meaning if code else message, known.remedy, message)


def parameters_of(action: Struct) -> dict[str, Any]:
    """The fields of an action."""
    return {name: value for name, value in to_builtins(action).items() if name != "do"}


def idempotency_key(context: RequestContext) -> str:
    """The key of the request; empty without one."""
    given = context.request.headers.get("idempotency-key")
    if given is None:
        return ""
    key = given.strip('"')
    if not _KEY.fullmatch(key):
        raise Problem("BadParameter", "Idempotency-Key must be 1 to 128 visible ASCII characters.")
    return key


def _seconds(context: RequestContext) -> int:
    found = _WAIT.search(context.request.headers.get("prefer", ""))
    return min(int(found.group(1)), LONGEST_WAIT) if found else 0
