"""Inviting, removing, muting, holding and moving participants."""

from __future__ import annotations

from shared.acs.context import Context, Executors, repeatable
from shared.acs.emergency import refuse_emergency
from shared.acs.errors import ActionError, accepted
from shared.acs.identifiers import identifier
from shared.acs.prompts import play_source
from shared.calls.actions import (
    AddParticipant,
    CancelInvitation,
    HoldParticipant,
    MoveParticipants,
    MuteParticipant,
    RemoveParticipant,
    UnholdParticipant,
)
from shared.calls.capabilities import Call
from shared.calls.capabilities.participants import ParticipantInvited
from shared.calls.effect import Effect
from shared.calls.event import Event
from shared.calls.identities import Kind, kind_of

# The header that carries this app's id of the call to clients. Custom headers begin with X- (azure-docs,
# ``communication-services/how-tos/call-automation/custom-context.md``).
CALL_ID_HEADER = "X-Call-Id"
TOO_EARLY = 425


def headers_for(call: Call, target: str) -> dict[str, str]:
    """What an invitation carries: the call's id to a client, which can fetch the rest, and nothing to a number."""
    return {} if kind_of(target) is Kind.PHONE_NUMBER else {CALL_ID_HEADER: call.id}


async def add(context: Context, call: Call, effect: Effect, action: AddParticipant) -> Event:
    """Without a caller id and a display name: ACS refuses them in Teams Phone calls (400/8523)."""
    refuse_emergency(call, action.target)
    response = await accepted(
        context.connection(call).add_participant,
        identifier(action.target),
        invitation_timeout=action.ring_seconds,
        voip_headers=headers_for(call, action.target),
        operation_context=effect.id,
        headers=repeatable(effect.id),
    )
    id = getattr(response, "invitation_id", None)
    return context.done(effect, ParticipantInvited(effect_id=effect.id, action=action, invitation_id=id))


async def cancel(context: Context, call: Call, effect: Effect, action: CancelInvitation) -> Event:
    invitation = call.participants.invitations.get(action.operation)
    if invitation is None:
        raise ActionError(TOO_EARLY, "the id of the invitation is not known yet")
    await accepted(
        context.connection(call).cancel_add_participant_operation,
        invitation,
        operation_context=effect.id,
        headers=repeatable(effect.id),
    )
    return context.performed(effect)


async def remove(context: Context, call: Call, effect: Effect, action: RemoveParticipant) -> Event:
    await accepted(
        context.connection(call).remove_participant,
        identifier(action.target),
        operation_context=effect.id,
        headers=repeatable(effect.id),
    )
    return context.performed(effect)


async def mute(context: Context, call: Call, effect: Effect, action: MuteParticipant) -> Event:
    await accepted(
        context.connection(call).mute_participant,
        identifier(action.target),
        operation_context=effect.id,
        headers=repeatable(effect.id),
    )
    return context.performed(effect)


async def hold(context: Context, call: Call, effect: Effect, action: HoldParticipant) -> Event:
    """ACS takes no ``Repeatability-Request-ID`` here: a repeated request could begin the music anew."""
    source = play_source(context, action.source) if action.source else None
    await context.connection_once(call).hold(identifier(action.target), play_source=source, operation_context=effect.id)
    return context.performed(effect)


async def unhold(context: Context, call: Call, effect: Effect, action: UnholdParticipant) -> Event:
    await context.connection_once(call).unhold(identifier(action.target), operation_context=effect.id)
    return context.performed(effect)


async def move(context: Context, call: Call, effect: Effect, action: MoveParticipants) -> Event:
    await accepted(
        context.connection(call).move_participants,
        [identifier(each) for each in action.targets],
        action.from_connection,
        operation_context=effect.id,
        headers=repeatable(effect.id),
    )
    return context.performed(effect)


EXECUTORS: Executors = {
    AddParticipant: add,
    CancelInvitation: cancel,
    RemoveParticipant: remove,
    MuteParticipant: mute,
    HoldParticipant: hold,
    UnholdParticipant: unhold,
    MoveParticipants: move,
}
