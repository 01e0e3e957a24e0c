"""The plan of a call as a picture, with the way that the call has taken."""

from __future__ import annotations

from shared.api.problems import Problem
from shared.api.route import AGENTS, RequestContext, Route
from shared.api.v1.calls.access import visible_call
from shared.api.v1.calls.parameters import OF_CALL
from shared.api.v1.plans.models import Drawing
from shared.calls.plans.drawing import mermaid, svg


async def draw_call(context: RequestContext) -> Drawing:
    part = (await visible_call(context)).routing
    if part.plan is None:
        raise Problem("NotFound", "The call has no plan.")
    return Drawing(mermaid(part.plan), svg(part.plan, [(each.step, each.to) for each in part.visits]))


ROUTES = (
    Route(
        "GET",
        "calls/{callId}/drawing",
        "drawCall",
        AGENTS,
        "Get a picture of a call's plan, with the way that the call has taken",
        {200: Drawing},
        draw_call,
        parameters=OF_CALL,
    ),
)
