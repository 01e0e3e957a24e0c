"""Wire payloads made into typed events.

A wire event is a CloudEvents 1.0 envelope with a payload whose shape depends on its type. Every event of the
platform begins with ``Microsoft.Communication.``; the rest is its short name, which is what this code uses.
Shapes: Azure Communication Services REST API, Call Automation 2026-03-12, and azure-docs
``event-grid/communication-services-voice-video-events.md``.

Beside the platform's events stand the outcomes of what this app did (``Answered``, ``EffectDone``, …) and the
passing of time (``Woken``): the call is a fold over all of them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

PREFIX = "Microsoft.Communication."
RESOURCE_ACCOUNT = "28:orgid:"  # how a Teams resource account's object id is written as a raw id


class Unreadable(ValueError):
    """An event that cannot be understood. The text says why, and holds nothing of the payload's content."""


class Payload(Struct, frozen=True, rename="camel", kw_only=True):
    """What all payloads are derived from. Only fields that are used are named: the others are let pass, whatever they
    hold.
    """


class ResultInformation(Payload, frozen=True, kw_only=True):
    """How something went. What is null says no more than what is missing."""

    code: int | None = None
    sub_code: int | None = None
    message: str | None = None

    @property
    def codes(self) -> tuple[int, int]:
        return self.code or 0, self.sub_code or 0


class Identifier(Payload, frozen=True, kw_only=True):
    """A participant's identity; ``raw_id`` alone tells who it is."""

    raw_id: str


class IncomingCallPayload(Payload, frozen=True, kw_only=True):
    """A call that rings. ``incoming_call_context`` is a secret: who has it can answer the call."""

    to: Identifier
    from_: Identifier = msgspec.field(name="from")
    incoming_call_context: str
    server_call_id: str | None = None
    correlation_id: str | None = None
    caller_display_name: str | None = None
    on_behalf_of_callee: Identifier | None = None


class CallbackPayload(Payload, frozen=True, kw_only=True):
    """What every callback carries."""

    call_connection_id: str
    server_call_id: str | None = None
    correlation_id: str | None = None
    operation_context: str | None = None
    result_information: ResultInformation | None = None


class Participant(Payload, frozen=True, kw_only=True):
    identifier: Identifier


class ParticipantsPayload(CallbackPayload, frozen=True, kw_only=True):
    participants: tuple[Participant, ...]
    sequence_number: int | None = None  # rises from event to event, with gaps


class RecordingStatePayload(CallbackPayload, frozen=True, kw_only=True):
    recording_id: str
    state: Literal["active", "inactive"]
    start_date_time: datetime | None = None


class RecordingFailedPayload(CallbackPayload, frozen=True, kw_only=True):
    result_information: ResultInformation  # here it must be there


class RecordingChunk(Payload, frozen=True, kw_only=True):
    """One file of a recording; the locations are absolute URLs that only ACS credentials open."""

    index: int
    content_location: str
    metadata_location: str
    delete_location: str | None = None


class RecordingStorageInfo(Payload, frozen=True, kw_only=True):
    recording_chunks: tuple[RecordingChunk, ...]


class RecordingFilePayload(Payload, frozen=True, kw_only=True):
    recording_storage_info: RecordingStorageInfo


_SHAPES: dict[str, type[Payload]] = {
    "IncomingCall": IncomingCallPayload,
    "ParticipantsUpdated": ParticipantsPayload,
    "RecordingStateChanged": RecordingStatePayload,
    "StartRecordingFailed": RecordingFailedPayload,
    "RecordingFileStatusUpdated": RecordingFilePayload,
}


class Event(Struct, frozen=True):
    """Something that happened: its id (unique, and the same when delivered again), short type, time and data."""

    id: str
    type: str
    at: datetime
    data: Any  # a Payload, or one of the outcomes below
    subject: str = ""


# -- Outcomes of what this app did, and the passing of time -------------------------------------------------


class Rang(Struct, frozen=True):
    """The IncomingCall as the call takes it: without the context, with what was decided about it."""

    decision: str  # a plans.Decision
    caller: str
    callee: str
    caller_name: str | None
    on_behalf_of: str | None
    server_call_id: str | None
    correlation_id: str | None
    received_at: datetime
    tenant: str | None = None  # of the resource account that was called, if the directory knows it
    callee_name: str | None = None
    callee_number: str | None = None


class Answered(Struct, frozen=True):
    """ACS accepted AnswerCall."""

    call_connection_id: str | None
    server_call_id: str | None
    correlation_id: str | None
    sent_at: datetime
    answered_at: datetime


class Refused(Struct, frozen=True):
    """The platform refused a request (``code/sub_code`` as in the catalogue)."""

    code: int
    sub_code: int
    message: str


class EffectDone(Struct, frozen=True):
    effect_id: str
    recording_id: str | None = None
    archived: tuple[str, int] | None = None  # the blob's path and its length in bytes


class EffectFailed(Struct, frozen=True):
    effect_id: str
    action: str  # its name, for the timeline
    code: int
    sub_code: int
    message: str
    silent: bool = False  # it was performed, and no event told how it went
    wait: float = 0.0  # seconds that ACS asks to be left alone (Retry-After)


class Found(Struct, frozen=True):
    """What GET /callConnections/{id} said: a CallConnectionState, or ``gone`` for 404."""

    state: str


OUR_OWN = frozenset({"Answered", "AnswerRefused", "Rejected", "EffectDone", "EffectFailed", "Found", "Woken"})


def parse(event_type: str, event_id: str, at: datetime | None, subject: str | None, data: Any) -> Event:
    """A wire event as a typed one. Raises Unreadable."""
    if not event_type.startswith(PREFIX):
        raise Unreadable(f"its type does not begin with {PREFIX}")
    if not event_id:
        raise Unreadable("it has no id")
    if at is None:
        raise Unreadable("it has no time")
    name = event_type.removeprefix(PREFIX)
    if name in OUR_OWN:
        raise Unreadable(f"{name} is what this app calls an event of its own, and none of the platform's")
    shape = _SHAPES.get(name, CallbackPayload)
    try:
        payload = msgspec.convert(data, shape)
    except msgspec.ValidationError as error:
        raise Unreadable(f"its data is no {name}: {without_values(error)}") from None
    except UnicodeEncodeError:
        raise Unreadable(f"its data is no {name}: it holds half a character") from None
    return Event(legible(event_id), name, in_utc(at), _legible_payload(payload, shape), legible(subject or ""))


def legible(text: str) -> str:
    """The text with what is no character replaced: JSON can smuggle in halves of surrogate pairs, which nothing
    can store.
    """
    return text.encode(errors="replace").decode()


def _legible_payload(payload: Payload, shape: type[Payload]) -> Payload:
    try:
        msgspec.json.encode(payload)
    except UnicodeEncodeError:
        return msgspec.convert(_legible_all(msgspec.to_builtins(payload)), shape)
    return payload


def _legible_all(value: Any) -> Any:
    match value:
        case str():
            return legible(value)
        case dict():
            return {key: _legible_all(each) for key, each in value.items()}
        case list() | tuple():
            return [_legible_all(each) for each in value]
    return value


def without_values(error: msgspec.ValidationError) -> str:
    """What is wrong and where, without what was sent: msgspec quotes the values that it does not know, with the
    quotes that ``repr`` would take.
    """
    return re.sub(r"(['\"]).*\1", "'…'", str(error))


def in_utc(moment: datetime) -> datetime:
    """A time with its zone; one without is read as UTC, which is what the platform writes."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def resource_account(raw_id: str) -> str | None:
    """The object id of a Teams resource account from its raw id ``28:orgid:{object id}``; None for others."""
    return raw_id.removeprefix(RESOURCE_ACCOUNT) if raw_id.startswith(RESOURCE_ACCOUNT) else None


def recording_id_of(subject: str) -> str:
    """The recording's id from a RecordingFileStatusUpdated subject
    ``/recording/call/{id}/serverCallId/{id}/recordingId/{id}``. Raises Unreadable.
    """
    _, found, recording_id = subject.rpartition("/recordingId/")
    if not found or not recording_id:
        raise Unreadable("its subject names no recordingId")
    return recording_id


def server_call_id_of(subject: str) -> str | None:
    """The server call id from the same subject, if it names one."""
    _, _, rest = subject.partition("/serverCallId/")
    return rest.rpartition("/recordingId/")[0] or None
