"""Sending DTMF tones to a participant. The events of ACS that follow are outcomes in ``call.operations``."""

from __future__ import annotations

from shared.calls.capability import Capability, NoPart
from shared.calls.event import CallbackPayload
from shared.calls.operations import OutcomeStatus


class SendDtmfTonesCompleted(CallbackPayload, frozen=True, kw_only=True):
    pass


class SendDtmfTonesFailed(CallbackPayload, frozen=True, kw_only=True):
    pass


CAPABILITY = Capability(
    name="dtmf",
    part=NoPart,
    payloads={
        "SendDtmfTonesCompleted": SendDtmfTonesCompleted,
        "SendDtmfTonesFailed": SendDtmfTonesFailed,
    },
    outcomes={
        SendDtmfTonesCompleted: OutcomeStatus.SUCCEEDED,
        SendDtmfTonesFailed: OutcomeStatus.FAILED,
    },
)
