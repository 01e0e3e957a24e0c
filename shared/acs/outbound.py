"""Outbound calls on behalf of a resource account."""

from __future__ import annotations

from azure.communication.callautomation import MicrosoftTeamsAppIdentifier

from shared.acs.answering import media_streaming, transcription
from shared.acs.context import Context, Executors, repeatable
from shared.acs.emergency import refuse_emergency
from shared.acs.errors import ActionError, accepted
from shared.acs.identifiers import identifier
from shared.calls.actions import CreateCall
from shared.calls.capabilities import Call
from shared.calls.capabilities.outbound import CallCreated, is_late
from shared.calls.effect import Effect
from shared.calls.event import Event

NO_CODE = 0  # of ACS: the message says why
TOO_LATE = "the call was requested more than three minutes ago, and is not dialled any more"


async def create(context: Context, call: Call, effect: Effect, action: CreateCall) -> Event:
    """Without a caller id and a display name: ACS refuses them with a Teams app as the source (400/8523). Without
    retries: a request that has no response can have been carried out.
    """
    refuse_emergency(call, action.target)
    if is_late(call.outbound, context.now()):
        raise ActionError(NO_CODE, TOO_LATE)
    settings = context.settings
    created = await accepted(
        context.clients.call_automation_once.create_call,
        identifier(action.target),
        context.callback_url(call.id),
        operation_context=effect.id,
        teams_app_source=MicrosoftTeamsAppIdentifier(action.account),
        cognitive_services_endpoint=settings.cognitive_services_endpoint,
        media_streaming=media_streaming(context, call.id),
        transcription=transcription(context, call.id),
        headers=repeatable(effect.id),
    )
    ids = {name: getattr(created, name, None) for name in ("call_connection_id", "correlation_id")}
    return context.done(effect, CallCreated(effect_id=effect.id, action=action, **ids))


EXECUTORS: Executors = {CreateCall: create}
