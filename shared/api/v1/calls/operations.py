"""Operations of a call: what was requested, and how far it has come."""

from __future__ import annotations

from shared.api.problems import Problem
from shared.api.route import AGENTS, RequestContext, Route
from shared.api.v1.calls.access import visible
from shared.api.v1.calls.command import state_of
from shared.api.v1.calls.models import OperationState
from shared.api.v1.calls.parameters import OF_CALL, OF_OPERATION


async def get_operation(context: RequestContext) -> OperationState:
    call, id = (await visible(context)).call, context.path["operationId"]
    if call is None or id not in call.operations.requested:
        raise Problem("NotFound", "The call has no such operation.")
    return state_of(call, id)


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
)
