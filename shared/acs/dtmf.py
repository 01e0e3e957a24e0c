"""Sending DTMF tones."""

from __future__ import annotations

from azure.communication.callautomation import PhoneNumberIdentifier, UnknownIdentifier

from shared.acs.context import Context, Executors, repeatable
from shared.acs.errors import ActionError
from shared.calls.actions import SendDtmf
from shared.calls.capabilities import Call
from shared.calls.effect import Effect
from shared.calls.event import Event

BAD_REQUEST = 400
PHONE_NUMBER = "4:"  # how raw ids of phone numbers begin

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
        tones, _identifier(action.target), operation_context=effect.id, headers=repeatable(effect.id)
    )
    return context.performed(effect)


def _identifier(raw_id: str) -> PhoneNumberIdentifier | UnknownIdentifier:
    if raw_id.startswith(PHONE_NUMBER):
        return PhoneNumberIdentifier(raw_id.removeprefix(PHONE_NUMBER), raw_id=raw_id)
    return UnknownIdentifier(raw_id)


EXECUTORS: Executors = {SendDtmf: send}
