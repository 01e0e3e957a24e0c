"""Calls: one of them, and its end."""

from __future__ import annotations

from shared.api.route import AGENTS, RequestContext, Result, Route
from shared.api.v1.calls.access import visible_call
from shared.api.v1.calls.command import submitted
from shared.api.v1.calls.models import CallView, OperationState
from shared.api.v1.calls.parameters import OF_CALL
from shared.api.v1.calls.view import view_of
from shared.calls.actions import HangUp


async def get_call(context: RequestContext) -> CallView:
    return view_of(await visible_call(context))


async def hang_up(context: RequestContext) -> Result:
    return await submitted(context, HangUp())


ROUTES = (
    Route("GET", "calls/{callId}", "getCall", AGENTS, "Get a call", {200: CallView}, get_call, parameters=OF_CALL),
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
