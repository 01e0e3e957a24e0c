"""Participants of a call: who is in it and who is invited; invited, removed, muted, held and moved.

Bodies name them, not paths: paths are logged, and must hold no phone numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from shared.api.problems import Problem
from shared.api.route import AGENTS, RequestContext, Result, Route, Strict
from shared.api.v1.calls.access import controllable, visible_call
from shared.api.v1.calls.command import state_of, submitted, submitted_together
from shared.api.v1.calls.models import (
    InvitationView,
    OperationState,
    OperationStates,
    ParticipantsView,
    ParticipantView,
)
from shared.api.v1.calls.parameters import CALL, OF_CALL
from shared.api.v1.calls.targets import Target, raw_id_of
from shared.api.v1.calls.view import shown
from shared.calls import commands
from shared.calls.actions import (
    Action,
    AddParticipant,
    HoldParticipant,
    MoveParticipants,
    MuteParticipant,
    RemoveParticipant,
    UnholdParticipant,
)
from shared.calls.capabilities import Call
from shared.calls.identities import is_among, kind_of, number_of, user_of

MOST_TARGETS = 10
Targets = Annotated[tuple[Target, ...], Meta(min_length=1, max_length=MOST_TARGETS)]
RingSeconds = Annotated[int, Meta(ge=1, le=180, description="how long each rings; 30 by default, which is ACS's")]
Source = Annotated[
    str, Meta(min_length=1, max_length=2000, description="text to speak, SSML, or the URL of an audio file")
]


class NewParticipants(Strict, frozen=True):
    """All of them ring at the same time, and each invitation is an operation of its own."""

    targets: Targets
    ring_seconds: RingSeconds | UnsetType = UNSET


class OneParticipant(Strict, frozen=True):
    target: Target


class Held(Strict, frozen=True):
    """Without ``source`` the participant hears nothing."""

    target: Target
    source: Source | UnsetType = UNSET


class Moved(Strict, frozen=True):
    """``from_call`` is the id of another call of this app, which the caller may control, too."""

    targets: Targets
    from_call: Annotated[str, CALL]


# -- Handlers ----------------------------------------------------------------------------------------------------


async def get_participants(context: RequestContext) -> ParticipantsView:
    call = await visible_call(context)
    added = [(id, each) for id, each in commands.in_order(call) if isinstance(each.action, AddParticipant)]
    return ParticipantsView(
        participants=tuple(_participant(call, each) for each in call.participants.all_participants),
        invitations=tuple(_invitation(call, id, each.action.target) for id, each in added),  # type: ignore[union-attr]
    )


def _participant(call: Call, raw_id: str) -> ParticipantView:
    part = call.participants
    return ParticipantView(
        id=raw_id,
        kind=kind_of(raw_id),
        user_id=user_of(raw_id),
        number=number_of(raw_id),
        present=raw_id in part.present,
        muted=raw_id in part.muted,
        on_hold=raw_id in part.on_hold,
        joined_at=part.joined_at[raw_id],
    )


def _invitation(call: Call, id: str, target: str) -> InvitationView:
    state = state_of(call, id)
    return InvitationView(
        operation_id=id,
        target=shown(target),
        status=state.status,
        requested_at=state.requested_at,
        present=is_among(target, call.participants.present),
    )


async def add(context: RequestContext) -> Result:
    body: NewParticipants = context.body
    seconds = body.ring_seconds or None
    targets = _targets(context, await visible_call(context), body.targets)
    return await submitted_together(context, [AddParticipant(each, seconds) for each in targets])


async def hold(context: RequestContext) -> Result:
    body: Held = context.body
    target = raw_id_of(context, await visible_call(context), body.target)
    return await submitted(context, HoldParticipant(target, body.source or ""))


async def move(context: RequestContext) -> Result:
    body: Moved = context.body
    targets = _targets(context, await visible_call(context), body.targets)
    if body.from_call == context.path["callId"]:
        raise Problem("BadBody", "fromCall must be another call.")
    origin: Call = (await controllable(context, body.from_call)).call  # type: ignore[assignment]  # it has one
    if origin.call_connection_id is None:
        raise Problem("CallNotConnected", f"The call to move from is {origin.state}.")
    actions = [MoveParticipants((each,), origin.call_connection_id) for each in targets]
    return await submitted_together(context, actions)


def _targets(context: RequestContext, call: Call, targets: Sequence[Any]) -> list[str]:
    found = [raw_id_of(context, call, each) for each in targets]
    if len({each.lower() for each in found}) < len(found):
        raise Problem("BadBody", "Each of the targets must be another identity.")
    return found


def _on_one(action: Callable[[str], Action]) -> Callable[[RequestContext], Any]:
    """The handler of an action on one participant."""

    async def handle(context: RequestContext) -> Result:
        target = raw_id_of(context, await visible_call(context), context.body.target)
        return await submitted(context, action(target))  # type: ignore[arg-type]  # one of the union

    return handle


# -- Routes ------------------------------------------------------------------------------------------------------


def _command(
    path: str, operation: str, summary: str, handler: Any, *, body: Any = OneParticipant, state: Any = OperationState
) -> Route:
    path = f"calls/{{callId}}/participants{path}"
    responses = {200: state, 202: state}
    return Route(
        "POST", path, operation, AGENTS, summary, responses, handler, parameters=OF_CALL, body=body, command=True
    )


ROUTES = (
    Route(
        "GET",
        "calls/{callId}/participants",
        "getParticipants",
        AGENTS,
        "List the participants of a call, and the invitations to it",
        {200: ParticipantsView},
        get_participants,
        parameters=OF_CALL,
    ),
    _command("", "addParticipants", "Invite participants to a call", add, body=NewParticipants, state=OperationStates),
    _command("/remove", "removeParticipant", "Remove a participant from a call", _on_one(RemoveParticipant)),
    _command("/mute", "muteParticipant", "Mute a participant", _on_one(MuteParticipant)),
    _command("/hold", "holdParticipant", "Hold a participant", hold, body=Held),
    _command("/unhold", "unholdParticipant", "Resume a participant", _on_one(UnholdParticipant)),
    _command(
        "/move", "moveParticipants", "Move participants from another call here", move, body=Moved, state=OperationStates
    ),
)
