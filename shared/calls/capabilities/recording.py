"""Recording: started when the call connects, retried when it fails; its files are archived.

A policy can require an announcement once the recording runs and, for a call that cannot be recorded, a notice followed
by the end of the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, ClassVar, Literal

from msgspec import Struct
from msgspec.structs import replace

from shared.calls.actions import (
    Action,
    ArchiveChunk,
    HangUp,
    PauseRecording,
    Play,
    ResumeRecording,
    StartRecording,
    StopRecording,
)
from shared.calls.call import BaseCall
from shared.calls.capability import Capability
from shared.calls.effect import Wanted, effect_id
from shared.calls.emergency import is_emergency, is_recorded
from shared.calls.event import (
    ActionFailed,
    ActionPerformed,
    CallbackPayload,
    Event,
    Fact,
    Payload,
    Unreadable,
    in_utc,
)
from shared.calls.joins import bounded, earliest, latest
from shared.calls.outbox import Happened
from shared.calls.policy import ANNOUNCEMENT
from shared.calls.result_codes import Disposition, look_up
from shared.calls.state import CallState
from shared.calls.timeline import in_words

NOTICE, HANG_UP = "notice", "hang up"  # steps

ATTEMPTS = 4  # to start a recording
RETRY_DELAYS = (2.0, 5.0, 15.0)  # seconds between them

FILE_LIFE = timedelta(hours=24)  # ACS deletes recordings then (azure-docs, "Call Recording overview")
GRACE = timedelta(seconds=5)

# More than a call of 24 hours has. The rest is dropped, so that the row stays below 1 MiB.
MOST_RECORDINGS = 20
MOST_CHUNKS = 50  # of a recording
MOST_FAILURES = 20


# -- Events ------------------------------------------------------------------------------------------------------


class RecordingStateChanged(CallbackPayload, frozen=True, kw_only=True):
    recording_id: str
    state: Literal["active", "inactive"]
    start_date_time: datetime | None = None


class StartRecordingFailed(CallbackPayload, frozen=True, kw_only=True):
    pass


class RecordingChunk(Struct, frozen=True, rename="camel", kw_only=True):
    """One file of a recording. The locations are absolute URLs that only ACS credentials open."""

    content_location: str | None = None
    index: int | None = None  # its place in the list, if missing
    metadata_location: str | None = None
    delete_location: str | None = None


class RecordingStorageInfo(Struct, frozen=True, rename="camel", kw_only=True):
    recording_chunks: tuple[RecordingChunk, ...]


class RecordingFileStatusUpdated(Payload, frozen=True, kw_only=True):
    recording_storage_info: RecordingStorageInfo
    recording_start_time: datetime | None = None

    def __post_init__(self) -> None:
        if not any(chunk.content_location for chunk in self.recording_storage_info.recording_chunks):
            raise ValueError("it names no file to copy")


class RecordingAccepted(ActionPerformed, frozen=True, kw_only=True):
    """ACS accepted the request to start a recording. The response can lack the id."""

    recording_id: str | None = None


class ChunkArchived(ActionPerformed, frozen=True, kw_only=True):
    """A file is archived, at ``path``; ``length`` is in bytes."""

    recording_id: str
    index: int
    path: str
    length: int

    in_timeline: ClassVar[bool] = False


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


# -- The part of the call ----------------------------------------------------------------------------------------


class Chunk(Struct, frozen=True, omit_defaults=True):
    """One file of a recording: its URLs at ACS, which keeps it for 24 hours, and its blob in the archive."""

    content: str
    metadata: str | None = None
    delete: str | None = None
    path: str | None = None
    length: int | None = None  # bytes
    lost: str | None = None  # why it could not be archived


class Recording(Struct, frozen=True, omit_defaults=True):
    """ACS reports ``inactive`` for a recording that has stopped or is paused; the latest report counts."""

    started_at: datetime | None = None
    active_at: datetime | None = None  # when it was last reported as active
    stopped_at: datetime | None = None  # when it was last reported as inactive
    filed_as_of: datetime | None = None  # the time in the names of its files
    paused_at: datetime | None = None  # by a command, last; likewise the next
    resumed_at: datetime | None = None  # or stopped
    ended_at: datetime | None = None  # by a command, first
    was_accepted: bool = False  # whether the response to the request named it
    chunks: dict[str, Chunk] = {}  # by index

    @property
    def is_active(self) -> bool:
        return self.active_at is not None and (self.stopped_at is None or self.active_at > self.stopped_at)

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None and (self.resumed_at is None or self.paused_at > self.resumed_at)

    @property
    def runs(self) -> bool:
        """Whether it records now, as far as is known: a resumed one runs before ACS reports it."""
        if self.is_paused or self.ended_at is not None:
            return False
        resumed = self.resumed_at is not None and (self.stopped_at is None or self.resumed_at > self.stopped_at)
        return self.is_active or resumed

    @property
    def is_starting(self) -> bool:
        """Whether ACS has accepted it, and has still to report that it runs."""
        return self.was_accepted and not (self.active_at or self.stopped_at or self.ended_at or self.chunks)

    @property
    def has_started(self) -> bool:
        return self.started_at is not None or bool(self.chunks)


class Failure(Struct, frozen=True, omit_defaults=True, order=True):
    """Why a recording could not be started; ``retry_at`` is the end of the response's Retry-After."""

    source: str  # the event's type, or the action
    code: int = 0
    sub_code: int = 0
    message: str = ""
    retry_at: datetime | None = None

    @property
    def disposition(self) -> Disposition:
        return look_up(self.code, self.sub_code).disposition


class Recordings(Struct, frozen=True, omit_defaults=True):
    recordings: dict[str, Recording] = {}  # by recording id
    failures: dict[str, Failure] = {}  # by the id of the event that reported it
    file_lost: str | None = None  # why no file of a recording came

    @property
    def chunks(self) -> list[Chunk]:
        return [chunk for recording in self.recordings.values() for chunk in recording.chunks.values()]

    @property
    def has_run(self) -> bool:
        """Whether a recording has ever run: an event reported it, or ACS refused another one because of it. A reported
        end implies it too, unless ACS reported that none could be started.
        """
        started = any(recording.has_started for recording in self.recordings.values())
        stopped = any(recording.stopped_at for recording in self.recordings.values())
        refused = any(failure.disposition is Disposition.ALREADY for failure in self.failures.values())
        return started or refused or (stopped and self.given_up is None)

    @property
    def given_up(self) -> str | None:
        """Why there will be no further attempt; None as long as there will be one."""
        final = [failure for failure in self.failures.values() if failure.disposition is Disposition.FINAL]
        if final:
            return _words(min(final, key=_order))
        if len(self.failures) >= ATTEMPTS:
            return f"{ATTEMPTS} attempts failed; {_words(min(self.failures.values(), key=_order))}"
        return None


def _order(failure: Failure) -> tuple[str, int, int, str]:
    return failure.source, failure.code, failure.sub_code, failure.message


def _words(failure: Failure) -> str:
    return in_words(failure.code, failure.sub_code)


def fold(part: Recordings, event: Event) -> Recordings:
    match event.data:
        case RecordingStateChanged() as changed:
            return _with_recording(part, changed.recording_id, lambda r: _state_changed(r, changed, event.at))
        case RecordingFileStatusUpdated() as file:
            began = in_utc(file.recording_start_time or event.at)
            chunks = file.recording_storage_info.recording_chunks
            return _with_recording(part, recording_id_of(event.subject), lambda r: _with_chunks(r, chunks, began))
        case StartRecordingFailed() as failed:
            code, sub_code = failed.codes
            return _with_failure(part, event.id, Failure(event.type, code or 500, sub_code, failed.message))
        case ActionFailed() as failure:
            return _with_failed_action(part, failure, event)
        case RecordingAccepted(recording_id=str(id)):
            return _with_recording(part, id, lambda recording: replace(recording, was_accepted=True))
        case ActionPerformed(action=PauseRecording() | ResumeRecording() | StopRecording() as action):
            return _with_recording(part, action.recording_id, lambda r: _commanded(r, action, event.at))
        case ChunkArchived() as archived:
            change = lambda c: replace(c, path=archived.path, length=archived.length, lost=None)  # noqa: E731
            return _with_chunk(part, archived.recording_id, archived.index, change)
    return part


def _with_failed_action(part: Recordings, failure: ActionFailed, event: Event) -> Recordings:
    match failure.action:
        case StartRecording() as action:
            until = event.at + timedelta(seconds=failure.retry_after) if failure.retry_after else None
            return _with_failure(part, event.id, Failure(action.name, *failure.codes, failure.message, until))
        case ArchiveChunk() as action:
            lost = failure.message or "the file was no longer there"
            return _with_chunk(part, action.recording_id, action.index, lambda c: replace(c, lost=lost))
    return part


def _commanded(recording: Recording, action: Action, at: datetime) -> Recording:
    """The recording after ACS accepted a command. One that is stopped is paused no longer."""
    if isinstance(action, PauseRecording):
        return replace(recording, paused_at=latest(recording.paused_at, at))
    ended_at = earliest(recording.ended_at, at) if isinstance(action, StopRecording) else recording.ended_at
    return replace(recording, resumed_at=latest(recording.resumed_at, at), ended_at=ended_at)


def _with_recording(part: Recordings, id: str, change: Callable[[Recording], Recording]) -> Recordings:
    recordings = part.recordings | {id: change(part.recordings.get(id, Recording()))}
    return replace(part, recordings=bounded(recordings, MOST_RECORDINGS, _begun))


def _begun(recording: Recording) -> datetime:
    return recording.started_at or recording.stopped_at or datetime.max.replace(tzinfo=UTC)


def _state_changed(recording: Recording, changed: RecordingStateChanged, at: datetime) -> Recording:
    if changed.state == "active":
        started_at = earliest(recording.started_at, in_utc(changed.start_date_time or at))
        return replace(recording, started_at=started_at, active_at=latest(recording.active_at, at))
    return replace(recording, stopped_at=latest(recording.stopped_at, at))


def _with_chunks(recording: Recording, files: tuple[RecordingChunk, ...], began: datetime) -> Recording:
    chunks = dict(recording.chunks)
    for place, file in enumerate(files):
        index = str(place if file.index is None else file.index)
        nowhere = None if file.content_location else "ACS named no location of the file"
        chunk = Chunk(file.content_location or "", file.metadata_location, file.delete_location, lost=nowhere)
        chunks[index] = min(chunks.get(index, chunk), chunk, key=lambda c: (not c.content, c.content, c.metadata or ""))
    kept = bounded(chunks, MOST_CHUNKS, lambda _: 0)
    return replace(recording, filed_as_of=earliest(recording.filed_as_of, began), chunks=dict(sorted(kept.items())))


def _with_failure(part: Recordings, event_id: str, failure: Failure) -> Recordings:
    return replace(part, failures=bounded(part.failures | {event_id: failure}, MOST_FAILURES, lambda _: 0))


def _with_chunk(part: Recordings, recording_id: str, index: int, change: Callable[[Chunk], Chunk]) -> Recordings:
    chunk = part.recordings.get(recording_id, Recording()).chunks.get(str(index))
    if chunk is None:
        return part
    return _with_recording(part, recording_id, lambda r: replace(r, chunks=r.chunks | {str(index): change(chunk)}))


# -- Wanted effects and deadlines --------------------------------------------------------------------------------


def wanted(call: BaseCall, part: Recordings, now: datetime) -> Iterator[Wanted]:
    if call.state is CallState.CONNECTED and is_emergency(call):
        yield from _stop_wanted(call, part)
    elif call.state is CallState.CONNECTED and call.policy.record:
        yield from _start_wanted(part, now)
        yield from _announcement_wanted(call, part)
        yield from _end_wanted(call, part)
    if call.state is not CallState.NOT_OURS:
        yield from _archive_wanted(call, part)


def _start_wanted(part: Recordings, now: datetime) -> Iterator[Wanted]:
    if part.has_run or part.given_up is not None:
        return
    attempt = len(part.failures) + 1
    pause = max((failure.retry_at for failure in part.failures.values() if failure.retry_at), default=now) - now
    delay = 0.0 if attempt == 1 else max(RETRY_DELAYS[attempt - 2], pause.total_seconds())
    yield Wanted(f"start recording {attempt}", StartRecording(attempt), delay)


def _stop_wanted(call: BaseCall, part: Recordings) -> Iterator[Wanted]:
    """A recording that began before it was known who calls is stopped."""
    for id, recording in part.recordings.items():
        is_open = recording.runs or recording.is_paused or recording.is_starting
        if is_open and recording.ended_at is None and not _is_over(call, f"stop {id}"):
            yield Wanted(f"stop {id}", StopRecording(id))


def _announcement_wanted(call: BaseCall, part: Recordings) -> Iterator[Wanted]:
    active = any(recording.is_active for recording in part.recordings.values())
    if call.policy.announcement and active and not _is_over(call, ANNOUNCEMENT):
        yield Wanted(ANNOUNCEMENT, Play(ANNOUNCEMENT, call.policy.announcement))


def _end_wanted(call: BaseCall, part: Recordings) -> Iterator[Wanted]:
    """The policy can require that a call that cannot be recorded ends, after a notice."""
    if call.policy.on_recording_failure != "end" or part.has_run or part.given_up is None:
        return
    if call.policy.notice and not _is_over(call, NOTICE):
        yield Wanted(NOTICE, Play(NOTICE, call.policy.notice))
    else:
        yield Wanted(HANG_UP, HangUp())


def _is_over(call: BaseCall, step: str) -> bool:
    return call.operations.is_over(effect_id(call.id, step))


def _archive_wanted(call: BaseCall, part: Recordings) -> Iterator[Wanted]:
    for recording_id, recording in part.recordings.items():
        for index, chunk in recording.chunks.items():
            if chunk.path is None and chunk.lost is None:
                path = archive_path(call.id, recording_id, recording.filed_as_of, index)
                yield Wanted(f"archive {recording_id} {index}", ArchiveChunk(recording_id, int(index), path))


def archive_path(call_id: str, recording_id: str, at: datetime | None, index: str) -> str:
    """``2026/11/21/0912Z-{call id}/{8 hexadecimal digits of the recording}-{index}``, with the time at which the
    recording began. All of it comes from the event of the file: the name does not depend on what else is known.
    """
    when = f"{at:%Y/%m/%d/%H%MZ}-" if at else f"{call_id[:4]}/{call_id[4:6]}/{call_id[6:8]}/"
    return f"{when}{call_id}/{digest_of(recording_id)}-{index}"


def digest_of(recording_id: str) -> str:
    """Eight hexadecimal digits that name a recording in paths and URLs."""
    return sha256(recording_id.encode()).hexdigest()[:8]


def deadlines(call: BaseCall, part: Recordings) -> Iterator[datetime]:
    if _awaits_file(call, part) and call.ended_at is not None:
        yield call.ended_at + FILE_LIFE + GRACE


def expire(call: BaseCall, part: Recordings, now: datetime) -> Recordings:
    """Files that ACS has deleted by now are lost."""
    if call.ended_at is None:
        return part
    if _awaits_file(call, part) and now > call.ended_at + FILE_LIFE:
        part = replace(part, file_lost="no file of the recording came within 24 hours")
    if now > call.ended_at + 2 * FILE_LIFE:  # a file can come a day after the call
        part = replace(part, recordings={id: _without_copies(recording) for id, recording in part.recordings.items()})
    return part


def _without_copies(recording: Recording) -> Recording:
    """The recording with every file that was not copied marked as lost."""
    lost = "it could not be copied within 24 hours"
    chunks = {i: c if c.path or c.lost else replace(c, lost=lost) for i, c in recording.chunks.items()}
    return replace(recording, chunks=chunks)


def _awaits_file(call: BaseCall, part: Recordings) -> bool:
    return call.state is CallState.ENDED and part.has_run and not part.chunks and part.file_lost is None


# -- The status of the recording ---------------------------------------------------------------------------------


class RecordingStatus(StrEnum):
    OFF = "off"  # not wanted, or there was no call to record
    STARTING = "starting"
    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"  # its file is awaited
    ARCHIVED = "archived"
    NOT_RECORDED = "not recorded"
    LOST = "lost"  # recorded, but the file could not be copied


def status(call: BaseCall, part: Recordings) -> tuple[RecordingStatus, str | None]:
    """The status of the call's recording, and the reason if there is none."""
    if call.state is CallState.NOT_OURS:
        return RecordingStatus.OFF, None
    chunks = part.chunks
    lost = next((chunk.lost for chunk in chunks if chunk.lost), None) if chunks else part.file_lost
    if lost:
        return RecordingStatus.LOST, lost
    if chunks and all(chunk.path for chunk in chunks):
        return RecordingStatus.ARCHIVED, None
    if chunks or part.has_run:
        return _running(call, part), None
    if not _was_recordable(call) or not is_recorded(call):
        return RecordingStatus.OFF, None
    reason = part.given_up
    if reason is None and call.state is CallState.ENDED:
        reason = "the call ended before a recording had started"
    return (RecordingStatus.NOT_RECORDED, reason) if reason else (RecordingStatus.STARTING, None)


def _running(call: BaseCall, part: Recordings) -> RecordingStatus:
    """The status of those that run, if one does: active, or paused."""
    known = [r for r in part.recordings.values() if r.started_at or r.stopped_at]
    if call.state is CallState.ENDED:
        return RecordingStatus.STOPPED
    if not known or any(recording.is_active and not recording.is_paused for recording in known):
        return RecordingStatus.ACTIVE
    return RecordingStatus.PAUSED if any(recording.is_paused for recording in known) else RecordingStatus.STOPPED


def status_of(call: BaseCall, recording: Recording) -> RecordingStatus:
    """The status of one recording. ACS reports one that is paused as inactive."""
    chunks = recording.chunks.values()
    if any(chunk.lost for chunk in chunks):
        return RecordingStatus.LOST
    if chunks and all(chunk.path for chunk in chunks):
        return RecordingStatus.ARCHIVED
    if call.state is CallState.ENDED or chunks:
        return RecordingStatus.STOPPED
    if recording.is_paused:
        return RecordingStatus.PAUSED
    if recording.is_active:
        return RecordingStatus.ACTIVE
    return RecordingStatus.STOPPED if recording.stopped_at else RecordingStatus.STARTING


def _was_recordable(call: BaseCall) -> bool:
    """Whether there was, or may be, a call to record. A call whose CallConnected is missing may have been connected."""
    if call.state is not CallState.ENDED:
        return call.state in {CallState.ANSWERED, CallState.CONNECTED}
    never_set_up = CallState.FAILED in call.reached
    return call.connected_at is not None or (call.call_connection_id is not None and not never_set_up)


def published(call: BaseCall, part: Recordings) -> Iterator[Happened]:
    """Once for each recording whose files are all archived or lost; again if more files come later."""
    for id, recording in part.recordings.items():
        if recording.chunks and all(chunk.path or chunk.lost for chunk in recording.chunks.values()):
            yield f"CallArchived {digest_of(id)} {len(recording.chunks)}", None
    if part.file_lost:
        yield "CallArchived", None


def is_unnamed(call: BaseCall, part: Recordings, before: BaseCall | None = None) -> bool:
    """Whether ACS may have started a recording whose id is not known. A request that failed may have been carried out
    nevertheless, if its response was lost. So may one whose invocation died; once the call has ended, its effect is
    only in the call as it was ``before``.
    """
    requested = any(isinstance(e.action, StartRecording) and e.performed for e in call.effects)
    earlier = before.effects if before is not None and call.state is CallState.ENDED else ()
    abandoned = any(isinstance(e.action, StartRecording) and e.tries for e in earlier)
    return not part.recordings and (requested or abandoned or bool(part.failures))


def columns(call: BaseCall, part: Recordings) -> dict[str, Any]:
    current, reason = status(call, part)
    return {"recording_status": current.value, "recording_reason": reason}


def describe(data: Fact) -> str:
    match data:
        case RecordingStateChanged():
            return data.state
        case RecordingFileStatusUpdated():
            count = len(data.recording_storage_info.recording_chunks)
            return f"{count} file{'' if count == 1 else 's'}"
    return ""


CAPABILITY = Capability(
    name="recording",
    part=Recordings,
    payloads={
        "RecordingStateChanged": RecordingStateChanged,
        "StartRecordingFailed": StartRecordingFailed,
        "RecordingFileStatusUpdated": RecordingFileStatusUpdated,
    },
    steps=lambda _, part: (ANNOUNCEMENT, NOTICE, *(f"stop {id}" for id in part.recordings)),
    fold=fold,
    wanted=wanted,
    deadlines=deadlines,
    expire=expire,
    published=published,
    columns=columns,
    describe=describe,
)
