"""DTMF: tones that are sent to a participant, and those that a participant presses during continuous recognition.

The keys are personal data, such as a PIN: they stand in the row and in the API, and not in the timeline.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from shared.calls.actions import StartContinuousDtmf, StopContinuousDtmf
from shared.calls.call import BaseCall
from shared.calls.capability import Capability
from shared.calls.commands import in_order
from shared.calls.event import CallbackPayload, Event
from shared.calls.joins import bounded
from shared.calls.operations import OutcomeStatus
from shared.calls.plans.secrets import is_secret
from shared.calls.tones import keys_of

MOST_TONES = 200  # the latest


class SendDtmfTonesCompleted(CallbackPayload, frozen=True, kw_only=True):
    pass


class SendDtmfTonesFailed(CallbackPayload, frozen=True, kw_only=True):
    pass


class ContinuousDtmfRecognitionToneReceived(CallbackPayload, frozen=True, kw_only=True):
    """The event names no participant: its operation context is that of the request to start."""

    tone: str
    sequence_id: int | None = None


class ContinuousDtmfRecognitionToneFailed(CallbackPayload, frozen=True, kw_only=True):
    pass


class ContinuousDtmfRecognitionStopped(CallbackPayload, frozen=True, kw_only=True):
    pass


class Tone(Struct, frozen=True, omit_defaults=True):
    """A key that was pressed. ``operation`` is the context of the request to report it."""

    key: str
    at: datetime
    sequence_id: int = 0
    operation: str = ""


class Dtmf(Struct, frozen=True, omit_defaults=True):
    """``received`` is by the id of the event."""

    received: dict[str, Tone] = {}

    @property
    def in_order(self) -> list[Tone]:
        """The tones of each request in the order of their sequence ids, the earliest request first."""
        began: dict[str, datetime] = {}
        for tone in self.received.values():
            began[tone.operation] = min(began.get(tone.operation, tone.at), tone.at)
        return sorted(
            self.received.values(), key=lambda tone: (began[tone.operation], tone.operation, tone.sequence_id, tone.at)
        )


def fold(part: Dtmf, event: Event) -> Dtmf:
    if not isinstance(event.data, ContinuousDtmfRecognitionToneReceived):
        return part
    data = event.data
    tone = Tone(keys_of([data.tone]), event.at, data.sequence_id or 0, data.operation_context or "")
    return replace(part, received=bounded(part.received | {event.id: tone}, MOST_TONES, _age))


def expire(call: BaseCall, part: Dtmf, now: datetime) -> Dtmf:
    """Tones that were pressed while a step of a plan collected a secret are not kept."""
    if not part.received:
        return part
    kept = {id: tone for id, tone in part.received.items() if not is_secret(call, tone.at)}
    return part if len(kept) == len(part.received) else replace(part, received=kept)


def _age(tone: Tone) -> float:
    return -tone.at.timestamp()


def listened_to(call: BaseCall) -> list[str]:
    """The participants whose keys are reported now."""
    listening: dict[str, bool] = {}
    for context, requested in in_order(call):
        outcome = call.operations.outcome(context)
        succeeded = outcome is not None and outcome.status is OutcomeStatus.SUCCEEDED
        match requested.action:
            case StartContinuousDtmf(target=target) | StopContinuousDtmf(target=target) if succeeded:
                listening[target] = isinstance(requested.action, StartContinuousDtmf)
    return [target for target, is_on in listening.items() if is_on]


CAPABILITY = Capability(
    name="dtmf",
    part=Dtmf,
    payloads={
        "SendDtmfTonesCompleted": SendDtmfTonesCompleted,
        "SendDtmfTonesFailed": SendDtmfTonesFailed,
        "ContinuousDtmfRecognitionToneReceived": ContinuousDtmfRecognitionToneReceived,
        "ContinuousDtmfRecognitionToneFailed": ContinuousDtmfRecognitionToneFailed,
        "ContinuousDtmfRecognitionStopped": ContinuousDtmfRecognitionStopped,
    },
    outcomes={
        SendDtmfTonesCompleted: OutcomeStatus.SUCCEEDED,
        SendDtmfTonesFailed: OutcomeStatus.FAILED,
        ContinuousDtmfRecognitionToneFailed: OutcomeStatus.FAILED,
        ContinuousDtmfRecognitionStopped: OutcomeStatus.SUCCEEDED,
    },
    fold=fold,
    expire=expire,
)
