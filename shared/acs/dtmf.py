"""Sending DTMF tones."""

from __future__ import annotations

from shared.acs.context import Context, Executors, repeatable
from shared.acs.errors import ActionError
from shared.acs.identifiers import identifier
from shared.calls.actions import SendDtmf
from shared.calls.capabilities import Call
from shared.calls.effect import Effect
from shared.calls.event import Event

BAD_REQUEST = 400

# How Call Automation writes the keys (REST API 2026-03-12, DtmfTone).
TONES = dict(
    zip("0123456789", ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"], strict=True)
)
TONES |= {"*": "asterisk", "#": "pound", "A": "a", "B": "b", "C": "c", "D": "d"}


async def send(context: Context, call: Call, effect: Effect, action: SendDtmf) -> Event:
    unknown = set(action.tones.upper()) - set(TONES)
    if unknown or not action.tones:
        raise ActionError(BAD_REQUEST, "the tones must be some of 0-9, *, # and A-D")
    tones = [TONES[key] for key in action.tones.upper()]
    await context.connection(call).send_dtmf_tones(
        tones, identifier(action.target), operation_context=effect.id, headers=repeatable(effect.id)
    )
    return context.performed(effect)


EXECUTORS: Executors = {SendDtmf: send}
