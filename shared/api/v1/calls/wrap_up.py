"""Wrap-up: what an agent writes about a call."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from shared.api.problems import Problem
from shared.api.route import AGENTS, RequestContext, Route, Strict
from shared.api.v1.calls.access import visible
from shared.api.v1.calls.models import WrapUpView
from shared.api.v1.calls.parameters import OF_CALL
from shared.api.v1.calls.view import wrap_up_of
from shared.calls.capabilities import Call
from shared.calls.capabilities.wrap_up import MOST_AGENTS, WrapUpWritten
from shared.calls.identities import user_of
from shared.service.processor import TryAgain

NOT_IN_CALL = "Those who have been in the call write its wrap-up."


class NewWrapUp(Strict, frozen=True):
    """``code`` is the reason of the call or its outcome, from a list of the client's own."""

    code: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$", examples=["resolved"])]
    note: Annotated[str, Meta(max_length=4000, description="is not logged, and in no timeline")] = ""


async def put_wrap_up(context: RequestContext) -> WrapUpView:
    """During the call or after it; a later one of the same agent replaces it."""
    row = await visible(context)
    call: Call = row.call  # type: ignore[assignment]  # ``visible`` returns no other row
    agent = _agent(context, call)
    written = WrapUpWritten(agent, context.body.code, context.body.note)
    try:
        call = await context.container.wrap_ups.write(row, written)
    except TryAgain:
        raise Problem("Busy", headers={"Retry-After": "1"}) from None
    return wrap_up_of(agent, call.wrap_up.by_agent[agent])


def _agent(context: RequestContext, call: Call) -> str:
    """The object id of the caller, who has been in the call. Raises Problem."""
    caller = context.caller
    id = caller.id.lower() if caller.kind == "user" else ""
    if not any(user_of(each) == id for each in call.participants.joined_at):
        raise Problem("NotInCall", NOT_IN_CALL)
    if id not in call.wrap_up.by_agent and len(call.wrap_up.by_agent) >= MOST_AGENTS:
        raise Problem("TooManyCommands", f"The call has the wrap-ups of {MOST_AGENTS} agents.")
    return id


ROUTES = (
    Route(
        "PUT",
        "calls/{callId}/wrap-up",
        "putWrapUp",
        AGENTS,
        "Write the caller's wrap-up of a call: a code and a note",
        {200: WrapUpView},
        put_wrap_up,
        parameters=OF_CALL,
        body=NewWrapUp,
    ),
)
