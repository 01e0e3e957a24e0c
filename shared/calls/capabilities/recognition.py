"""Recognition: the keys, the speech or the choice that a participant answers a prompt with.

The results are personal data: they stand in the row and in the API, and not in the timeline.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from shared.calls.call import BaseCall
from shared.calls.capability import Capability
from shared.calls.event import CallbackPayload, Event
from shared.calls.joins import bounded
from shared.calls.operations import OutcomeStatus
from shared.calls.tones import keys_of

MOST_RESULTS = 50  # the latest
LONGEST_SPEECH = 1000  # characters that a row keeps

Confidence = Annotated[float, Meta(ge=0, le=1)]


class DtmfResult(Struct, frozen=True, rename="camel", kw_only=True):
    tones: tuple[str, ...] = ()


class SpeechResult(Struct, frozen=True, rename="camel", kw_only=True):
    speech: str = ""
    confidence: Confidence | None = None


class ChoiceResult(Struct, frozen=True, rename="camel", kw_only=True):
    """``recognizedPhrase`` is null where a key was pressed."""

    label: str = ""
    recognized_phrase: str | None = None
    confidence: Confidence | None = None


class RecognizeCompleted(CallbackPayload, frozen=True, kw_only=True):
    recognition_type: Literal["dtmf", "speech", "choices"] | None = None
    dtmf_result: DtmfResult | None = None
    speech_result: SpeechResult | None = None
    choice_result: ChoiceResult | None = None


class RecognizeFailed(CallbackPayload, frozen=True, kw_only=True):
    pass


class RecognizeCanceled(CallbackPayload, frozen=True, kw_only=True):
    pass


class Recognized(Struct, frozen=True, omit_defaults=True):
    """What was recognized: ``keys`` (``12#``), ``speech`` or ``choice``, a label. ``phrase`` is what was said for it;
    ``confidence`` is between 0 and 1.
    """

    at: datetime
    keys: str | None = None
    speech: str | None = None
    choice: str | None = None
    phrase: str | None = None
    confidence: float | None = None


class Recognition(Struct, frozen=True, omit_defaults=True):
    """The results by operation context."""

    results: dict[str, Recognized] = {}


def fold(part: Recognition, event: Event) -> Recognition:
    if not isinstance(event.data, RecognizeCompleted) or not event.data.operation_context:
        return part
    context, found = event.data.operation_context, _recognized(event.data, event.at)
    first = min(part.results.get(context, found), found, key=_order)
    return replace(part, results=bounded(part.results | {context: first}, MOST_RESULTS, _age))


def _recognized(data: RecognizeCompleted, at: datetime) -> Recognized:
    if choice := data.choice_result:
        phrase = (choice.recognized_phrase or "")[:LONGEST_SPEECH] or None
        return Recognized(at, choice=choice.label[:LONGEST_SPEECH], phrase=phrase, confidence=choice.confidence)
    if speech := data.speech_result:
        return Recognized(at, speech=speech.speech[:LONGEST_SPEECH], confidence=speech.confidence)
    return Recognized(at, keys=keys_of(data.dtmf_result.tones if data.dtmf_result else ()))


def _age(found: Recognized) -> float:
    return -found.at.timestamp()


def _order(found: Recognized) -> tuple[Any, ...]:
    texts = (found.keys, found.speech, found.choice, found.phrase)
    return found.at, *(text or "" for text in texts), found.confidence or 0.0


def command_result(_: BaseCall, part: Recognition, context: str) -> dict[str, Any] | None:
    names = ("keys", "speech", "choice", "phrase", "confidence")
    found = part.results.get(context)
    return {name: value for name in names if (value := getattr(found, name)) is not None} if found else None


CAPABILITY = Capability(
    name="recognition",
    part=Recognition,
    payloads={
        "RecognizeCompleted": RecognizeCompleted,
        "RecognizeFailed": RecognizeFailed,
        "RecognizeCanceled": RecognizeCanceled,
    },
    outcomes={
        RecognizeCompleted: OutcomeStatus.SUCCEEDED,
        RecognizeFailed: OutcomeStatus.FAILED,
        RecognizeCanceled: OutcomeStatus.CANCELED,
    },
    fold=fold,
    command_result=command_result,
)
