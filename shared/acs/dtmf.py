"""Sending DTMF tones, and reporting those that a participant presses."""

from __future__ import annotations

from shared.acs.context import Context, Executors, repeatable
from shared.acs.errors import ActionError, accepted
from shared.acs.identifiers import identifier
from shared.calls.actions import SendDtmf, StartContinuousDtmf, StopContinuousDtmf
from shared.calls.capabilities import Call
from shared.calls.effect import Effect
from shared.calls.event import Event
from shared.calls.tones import tones_of

BAD_REQUEST = 400


async def send(context: Context, call: Call, effect: Effect, action: SendDtmf) -> Event:
    try:
        tones = tones_of(action.tones)
    except KeyError:
        tones = []
    if not tones:
        raise ActionError(BAD_REQUEST, "the tones must be some of 0-9, *, # and A-D")
    await accepted(
        context.connection(call).send_dtmf_tones,
        tones,
        identifier(action.target),
        operation_context=effect.id,
        headers=repeatable(effect.id),
    )
    return context.performed(effect)


async def start_continuous(context: Context, call: Call, effect: Effect, action: StartContinuousDtmf) -> Event:
    connection = context.connection_once(call)
    await connection.start_continuous_dtmf_recognition(identifier(action.target), operation_context=effect.id)
    return context.performed(effect)


async def stop_continuous(context: Context, call: Call, effect: Effect, action: StopContinuousDtmf) -> Event:
    connection = context.connection_once(call)
    await connection.stop_continuous_dtmf_recognition(identifier(action.target), operation_context=effect.id)
    return context.performed(effect)


EXECUTORS: Executors = {SendDtmf: send, StartContinuousDtmf: start_continuous, StopContinuousDtmf: stop_continuous}
