"""The data of calls in the API. Participants are raw ids; times are UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from shared.calls.capabilities.recording import RecordingStatus
from shared.calls.identities import Kind
from shared.calls.state import CallState

OperationStatus = Literal["requested", "accepted", "succeeded", "canceled", "failed"]


class Failure(Struct, frozen=True, rename="camel"):
    """Why an operation failed: the codes of the platform, what they mean, and the platform's own message."""

    code: int
    sub_code: int
    meaning: str
    remedy: str
    message: str = ""


class OperationState(Struct, frozen=True, rename="camel"):
    """An operation that was requested: ``accepted`` is ACS's word, and the others but ``requested`` are final.

    ``result`` is that of a recognition: ``keys``, ``speech`` or ``choice``, with ``phrase`` and ``confidence``.
    """

    id: str
    name: str
    status: OperationStatus
    requested_at: datetime
    requested_by: str
    parameters: dict[str, Any]
    ended_at: datetime | None = None
    failure: Failure | None = None
    result: dict[str, Any] | None = None


class OperationStates(Struct, frozen=True, rename="camel"):
    """Operations that were requested together, in the order of the request."""

    value: tuple[OperationState, ...]


class AccountView(Struct, frozen=True, rename="camel"):
    """The Teams resource account that was called. ``id`` is its object id; the number is E.164."""

    id: str
    name: str | None
    number: str | None


class PartyView(Struct, frozen=True, rename="camel"):
    """A caller or a participant. ``id`` is a raw id; ``user_id`` the object id of an agent or a Teams user."""

    id: str
    kind: Kind
    user_id: str | None = None
    number: str | None = None
    name: str | None = None


class RecordingSummary(Struct, frozen=True, rename="camel"):
    """The status of a call's recording, and the reason if there is none."""

    status: RecordingStatus
    reason: str | None = None


class ParticipantView(PartyView, frozen=True, rename="camel", kw_only=True):
    """Who is in a call (``present``) or has been in it. ``muted`` and ``on_hold`` are as ACS last reported them."""

    present: bool
    muted: bool
    on_hold: bool
    joined_at: datetime


class InvitationView(Struct, frozen=True, rename="camel", kw_only=True):
    """An invitation: what became of it as an operation, and whether the target is in the call. ``succeeded`` alone is
    no acceptance: ACS has reported it for callees who declined.
    """

    operation_id: str
    target: PartyView
    status: OperationStatus
    requested_at: datetime
    present: bool


class ParticipantsView(Struct, frozen=True, rename="camel"):
    participants: tuple[ParticipantView, ...]
    invitations: tuple[InvitationView, ...]


class TransferView(Struct, frozen=True, rename="camel", kw_only=True):
    """A transfer that was requested; without ``transferee`` that of the only other participant."""

    operation: OperationState
    target: PartyView
    transferee: PartyView | None


class TransfersView(Struct, frozen=True, rename="camel"):
    """``transferred_at``: when ACS last accepted one. Its control of the transferee, and its recording, ended then."""

    value: tuple[TransferView, ...]
    transferred_at: datetime | None


class ResultView(Struct, frozen=True, rename="camel"):
    """The platform's result code for the end of a call, and the event that carried it."""

    code: int
    sub_code: int
    meaning: str
    remedy: str
    source_event: str


class LatenciesView(Struct, frozen=True, rename="camel"):
    """The phases of answering in seconds, as far as they are known."""

    time_to_notify: float | None = None
    time_to_answer: float | None = None
    time_to_connect: float | None = None
    time_to_first_audio: float | None = None


class WrapUpView(Struct, frozen=True, rename="camel"):
    """What an agent, by object id, has written about a call."""

    agent: str
    code: str
    note: str
    at: datetime


class CallSummary(Struct, frozen=True, rename="camel", kw_only=True):
    """A call of a list. ``caller`` is the other party, also of an outbound call. ``participants`` are those in it now,
    ``ringing`` those to whom its plan offers it; ten at most in a list. ``step``: where it stands in its plan, such as
    ``menu.1``; null without a plan, and after its end.
    """

    id: str
    state: CallState
    direction: Literal["inbound", "outbound"]
    account: AccountView | None
    caller: PartyView | None
    recording: RecordingSummary
    called_at: datetime | None
    connected_at: datetime | None
    ended_at: datetime | None
    step: str | None
    participants: tuple[PartyView, ...]
    ringing: tuple[PartyView, ...]


class CallView(CallSummary, frozen=True, rename="camel", kw_only=True):
    """A call. ``transferred_at``: when ACS last accepted a transfer, which ended the app's control of the transferee,
    and its recording. ``on_behalf_of``: whom an agent's client calls on behalf of the resource account.
    """

    transferred_at: datetime | None
    plan_id: str | None
    plan_version: int | None
    on_behalf_of: tuple[PartyView, ...]
    result: ResultView | None
    latencies: LatenciesView
    call_connection_id: str | None
    server_call_id: str | None
    correlation_id: str | None
    wrap_ups: tuple[WrapUpView, ...]


class TimelineEntryView(Struct, frozen=True, rename="camel"):
    """An event of a call: when it happened, and when it reached the app."""

    at: datetime
    received: datetime
    type: str
    text: str


class RecordingFileView(Struct, frozen=True, rename="camel"):
    """A file of a recording. ``length`` is in bytes; a file that is not archived has none, and ``lost`` says why."""

    index: int
    archived: bool
    length: int | None = None
    lost: str | None = None


class RecordingView(Struct, frozen=True, rename="camel"):
    """A recording of a call. ``id`` is that of the names of its files. ``retained_until``: the storage account deletes
    the files about then; None if it has no such rule, and as long as the recording runs.
    """

    id: str
    status: RecordingStatus
    started_at: datetime | None
    stopped_at: datetime | None
    retained_until: datetime | None
    files: tuple[RecordingFileView, ...]


class RecordingList(Struct, frozen=True, rename="camel"):
    value: tuple[RecordingView, ...]
