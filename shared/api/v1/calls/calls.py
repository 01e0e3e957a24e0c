"""Calls: one of them, and its end."""

from __future__ import annotations

from shared.api.route import AGENTS, RequestContext, Result, Route
from shared.api.v1.calls.command import submitted
from shared.api.v1.calls.models import OperationState
from shared.api.v1.calls.parameters import OF_CALL
from shared.calls.actions import HangUp


async def hang_up(context: RequestContext) -> Result:
    return await submitted(context, HangUp())


ROUTES = (
    Route(
        "POST",
        "calls/{callId}/hang-up",
        "hangUp",
        AGENTS,
        "End a call for everyone",
        {200: OperationState, 202: OperationState},
        hang_up,
        parameters=OF_CALL,
        command=True,
    ),
)
