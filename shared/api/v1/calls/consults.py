"""Consults: an agent speaks to another one while the caller hears music."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from shared.api.problems import Problem
from shared.api.route import AGENTS, RequestContext, Result, Route, Strict
from shared.api.v1.calls.access import visible_call
from shared.api.v1.calls.command import submitted
from shared.api.v1.calls.models import OperationState
from shared.api.v1.calls.parameters import OF_CALL, OF_OPERATION
from shared.api.v1.calls.targets import Target, raw_id_of
from shared.calls.actions import Consult, EndConsult

File = Annotated[str, Meta(pattern="^https://[!-~]{1,2000}$", description="the URL of a WAV or MP3 file")]
ISOLATION = (
    "whether the agent is invited only once ACS reports that the caller is on hold while it hears the music, and so "
    "cannot hear the others"
)


class NewConsult(Strict, frozen=True):
    """``held`` hears the music: the caller by default. ``music`` is the setting HOLD_MUSIC by default."""

    target: Target
    held: Target | UnsetType = UNSET
    music: File | None = None
    needs_isolation: Annotated[bool, Meta(description=ISOLATION)] = True


async def consult(context: RequestContext) -> Result:
    call, body = await visible_call(context), context.body
    music = body.music or context.settings.hold_music
    if not music:
        raise Problem("NotAllowed", "The body names no music, and the setting HOLD_MUSIC is empty.")
    held = raw_id_of(context, call, body.held) if body.held else call.lifecycle.caller
    if held is None:
        raise Problem("BadBody", "The caller of this call is not known: name the participant to hold in `held`.")
    action = Consult(raw_id_of(context, call, body.target), held, music, body.needs_isolation)
    return await submitted(context, action)


async def join(context: RequestContext) -> Result:
    return await submitted(context, EndConsult(context.path["operationId"], "join"))


async def swap(context: RequestContext) -> Result:
    return await submitted(context, EndConsult(context.path["operationId"], "swap"))


async def drop(context: RequestContext) -> Result:
    return await submitted(context, EndConsult(context.path["operationId"], "drop"))


def _command(path: str, operation: str, summary: str, handler: Any, **how: Any) -> Route:
    responses = {200: OperationState, 202: OperationState}
    return Route("POST", path, operation, AGENTS, summary, responses, handler, command=True, **how)


OF_CONSULT = OF_CALL | OF_OPERATION
ROUTES = (
    _command(
        "calls/{callId}/consults",
        "consult",
        "Bring in an agent while the caller hears music, and not the agents",
        consult,
        parameters=OF_CALL,
        body=NewConsult,
    ),
    _command(
        "calls/{callId}/consults/{operationId}/join",
        "joinConsult",
        "End a consult: all participants hear each other",
        join,
        parameters=OF_CONSULT,
    ),
    _command(
        "calls/{callId}/consults/{operationId}/swap",
        "swapConsult",
        "Let the one who was brought in hear the music, and the caller speak; or the other way round",
        swap,
        parameters=OF_CONSULT,
    ),
    _command(
        "calls/{callId}/consults/{operationId}/drop",
        "dropConsult",
        "End a consult: the one who was brought in is removed, or its invitation cancelled",
        drop,
        parameters=OF_CONSULT,
    ),
)
