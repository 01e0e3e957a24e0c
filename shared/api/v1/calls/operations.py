"""Operations of a call: their states, and their cancellation."""

from __future__ import annotations

from shared.api.problems import Problem
from shared.api.route import AGENTS, RequestContext, Result, Route
from shared.api.v1.calls.access import visible_call
from shared.api.v1.calls.command import state_of, submitted
from shared.api.v1.calls.models import OperationState
from shared.api.v1.calls.parameters import OF_CALL, OF_OPERATION
from shared.calls.actions import (
    AddParticipant,
    AnyAction,
    CancelInvitation,
    CancelMedia,
    Consult,
    Music,
    Play,
    Recognize,
)
from shared.calls.capabilities import Call


async def get_operation(context: RequestContext) -> OperationState:
    call, id = await _with_operation(context)
    return state_of(call, id)


async def cancel(context: RequestContext) -> Result:
    call, id = await _with_operation(context)
    return await submitted(context, _cancellation(id, call.operations.requested[id].action))


async def _with_operation(context: RequestContext) -> tuple[Call, str]:
    call, id = await visible_call(context), context.path["operationId"]
    if id not in call.operations.requested:
        raise Problem("NotFound", "The call has no such operation.")
    return call, id


def _cancellation(id: str, action: AnyAction) -> AnyAction:
    match action:
        case AddParticipant():
            return CancelInvitation(id)
        case Play() | Music() | Recognize():
            return CancelMedia(id)
        case Consult():
            raise Problem("NotCancelable", "A consult is ended by its own commands: join or drop it.")
    raise Problem("NotCancelable", f"ACS carries out {action.name} and takes no cancellation of it.")


ROUTES = (
    Route(
        "GET",
        "calls/{callId}/operations/{operationId}",
        "getOperation",
        AGENTS,
        "Get the state of an operation",
        {200: OperationState},
        get_operation,
        parameters=OF_CALL | OF_OPERATION,
    ),
    Route(
        "POST",
        "calls/{callId}/operations/{operationId}/cancel",
        "cancelOperation",
        AGENTS,
        "Cancel an invitation, a prompt, music or a recognition",
        {200: OperationState, 202: OperationState},
        cancel,
        parameters=OF_CALL | OF_OPERATION,
        command=True,
    ),
)
