"""What each event says about a call: one small function for each type, each a join that any order may reach."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec.structs import replace

from shared.calls.call import GONE_STATES, LONG_AGO, Call, Chunk, Entry, Recording, Result, next_state, proof
from shared.calls.effects import ArchiveChunk, Effect, Play, StartRecording, effect_id
from shared.calls.events import (
    Answered,
    CallbackPayload,
    EffectDone,
    EffectFailed,
    Event,
    Found,
    ParticipantsPayload,
    Rang,
    RecordingFailedPayload,
    RecordingFilePayload,
    RecordingStatePayload,
    Refused,
    ResultInformation,
    in_utc,
    recording_id_of,
)
from shared.calls.result_codes import look_up

PLAYED = "played"
STARTED = "started"  # PlayStarted came, and nothing since
ANNOUNCEMENT = "announcement"
NOTICE = "notice"

# Events of our own that nobody outside can tell apart from what the platform reports itself; only what the
# platform reports, and what it refused, stands in the timeline.
LONGEST_TIMELINE = 15_000  # entries: some 30 bytes each, compressed, in an entity of 1 MiB at most

_NOT_IN_TIMELINE = frozenset({"Answered", "EffectDone", "Woken", "Found"})


def fold(call: Call, event: Event, now: datetime) -> Call:
    """The call with what the event says. An event that is known changes nothing."""
    said = _FOLDS.get(event.type, _callback)(call, event)
    said = replace(said, state=next_state(call.state, proof(call, event, now)))
    said = _measure(said, event, now)
    if event.type in _NOT_IN_TIMELINE or is_left_out(call, event):
        return said
    return replace(said, timeline=_with_entry(call.timeline, event, now))


def _with_entry(timeline: tuple[Entry, ...], event: Event, now: datetime) -> tuple[Entry, ...]:
    """The timeline with the event, once. What we did ourselves can come to the same more than once, such as an
    answer that is refused twice: the first time counts, whichever we hear of first.
    """
    before = next((entry for entry in timeline if entry.id == event.id), None)
    if before is not None and before.at <= event.at:
        return timeline
    entry = Entry(event.at, event.id, event.type, describe(event), now)
    others = (other for other in timeline if other is not before)
    return tuple(sorted((*others, entry), key=lambda e: (e.at, e.id)))


def is_left_out(call: Call, event: Event) -> bool:
    """Whether a folded event found no place in the timeline any more: it must be kept elsewhere."""
    full = len(call.timeline) >= LONGEST_TIMELINE
    return full and event.type not in _NOT_IN_TIMELINE and not _knows(call, event)


def describe(event: Event) -> str:
    """The event in words, from the event alone. No numbers, names or contexts."""
    data = event.data
    match data:
        case Rang():
            return "on behalf of somebody" if data.on_behalf_of else ""
        case ParticipantsPayload():
            count = len(data.participants)
            return f"{count} participant{'' if count == 1 else 's'}"
        case RecordingStatePayload():
            return data.state
        case RecordingFilePayload():
            count = len(data.recording_storage_info.recording_chunks)
            return f"{count} file{'' if count == 1 else 's'}"
        case Refused():
            return in_words(data.code, data.sub_code)
        case EffectFailed():
            return f"{data.action}: {in_words(data.code, data.sub_code)}"
        case CallbackPayload(result_information=ResultInformation(codes=codes)):
            return in_words(*codes)
    return ""


def in_words(code: int, sub_code: int) -> str:
    """``500/8511: the prompt could not be played``; nothing for plain success."""
    if code in (0, 200) and not sub_code:
        return ""
    return f"{code}/{sub_code}: {look_up(code, sub_code).meaning}"


# -- Joins ---------------------------------------------------------------------------------------------------


def earliest(a: datetime | None, b: datetime | None) -> datetime | None:
    return min((moment for moment in (a, b) if moment is not None), default=None)


def latest(a: datetime | None, b: datetime) -> datetime:
    return b if a is None else max(a, b)


def known(a: str | None, b: str | None) -> str | None:
    """What is known of the two. Should they differ, the smaller one, so that order does not matter."""
    return min((text for text in (a, b) if text), default=None)


# Of several results the most telling one is kept: why the set-up failed rather than that the call is over.
_TELLING = {"AnswerFailed": 2, "CallDisconnected": 1}


def _more_telling(a: Result | None, b: Result | None) -> Result | None:
    known_results = [result for result in (a, b) if result is not None]
    return max(known_results, key=lambda r: (_TELLING.get(r.told_by, 0), r), default=None)


def _result(event: Event) -> Result | None:
    info: ResultInformation | None = event.data.result_information
    return Result(event.type, *info.codes, info.message or "") if info is not None else None


def _knows(call: Call, event: Event) -> bool:
    return any(entry.id == event.id for entry in call.timeline)


def _is_news(call: Call, event: Event) -> bool:
    """Whether the platform tells something new: a sign of life of the call."""
    return event.type not in _NOT_IN_TIMELINE | {"EffectFailed"} and not _knows(call, event)


def _measure(call: Call, event: Event, now: datetime) -> Call:
    m = call.measured
    match event.type, event.data:
        case "IncomingCall", Rang() as rang:
            m = replace(m, received_at=earliest(m.received_at, rang.received_at))
        case "Answered", Answered() as answered:
            m = replace(
                m,
                answer_sent_at=earliest(m.answer_sent_at, answered.sent_at),
                answered_at=earliest(m.answered_at, answered.answered_at),
            )
        case "CallConnected", _:
            m = replace(m, connected_received_at=earliest(m.connected_received_at, now))
    if event.type == "Found" or (event.type == "Answered" and m != call.measured) or _is_news(call, event):
        m = replace(m, heard_at=max(m.heard_at or now, now))
    return replace(call, measured=m) if m != call.measured else call


# -- One function for each type of event ---------------------------------------------------------------------


def _incoming_call(call: Call, event: Event) -> Call:
    rang: Rang = event.data
    return replace(
        call,
        caller=known(call.caller, rang.caller),
        caller_name=known(call.caller_name, rang.caller_name),
        callee=known(call.callee, rang.callee),
        tenant=known(call.tenant, rang.tenant),
        callee_name=known(call.callee_name, rang.callee_name),
        callee_number=known(call.callee_number, rang.callee_number),
        on_behalf_of=known(call.on_behalf_of, rang.on_behalf_of),
        server_call_id=known(call.server_call_id, rang.server_call_id),
        correlation_id=known(call.correlation_id, rang.correlation_id),
        called_at=earliest(call.called_at, event.at),
    )


def _answered(call: Call, event: Event) -> Call:
    answered: Answered = event.data
    return replace(
        call,
        call_connection_id=known(call.call_connection_id, answered.call_connection_id),
        server_call_id=known(call.server_call_id, answered.server_call_id),
        correlation_id=known(call.correlation_id, answered.correlation_id),
    )


def _answer_refused(call: Call, event: Event) -> Call:
    refused: Refused = event.data
    result = Result(event.type, refused.code, refused.sub_code, refused.message)
    return replace(call, result=_more_telling(call.result, result))


def _callback(call: Call, event: Event) -> Call:
    """What every callback says: the ids. The only thing that events without a function of their own say."""
    if not isinstance(event.data, CallbackPayload):
        return call
    data = event.data
    return replace(
        call,
        call_connection_id=known(call.call_connection_id, data.call_connection_id),
        server_call_id=known(call.server_call_id, data.server_call_id),
        correlation_id=known(call.correlation_id, data.correlation_id),
    )


def _call_connected(call: Call, event: Event) -> Call:
    return replace(_callback(call, event), connected_at=earliest(call.connected_at, event.at))


def _call_over(call: Call, event: Event) -> Call:
    """CallDisconnected and AnswerFailed: the call is over, and this is how."""
    result = _more_telling(call.result, _result(event))
    return replace(_callback(call, event), ended_at=earliest(call.ended_at, event.at), result=result)


def _found(call: Call, event: Event) -> Call:
    """What GET /callConnections/{id} told, where no callback did."""
    found: Found = event.data
    if found.state == "connected":
        return replace(call, connected_at=earliest(call.connected_at, event.at))
    if found.state in GONE_STATES:
        return replace(call, ended_at=earliest(call.ended_at, event.at))
    return call


def _participants_updated(call: Call, event: Event) -> Call:
    data: ParticipantsPayload = event.data
    present = tuple(sorted(p.identifier.raw_id for p in data.participants))
    newest = max((call.participants_sequence, call.participants), (data.sequence_number or 0, present))
    return replace(
        _callback(call, event),
        participants_sequence=newest[0],
        participants=newest[1],
        took_part=tuple(sorted({*call.took_part, *present})),
    )


def _recording(call: Call, recording_id: str, change: Callable[[Recording], Recording]) -> Call:
    before = call.recordings.get(recording_id, Recording())
    return replace(call, recordings=call.recordings | {recording_id: change(before)})


def _recording_state_changed(call: Call, event: Event) -> Call:
    data: RecordingStatePayload = event.data

    def change(recording: Recording) -> Recording:
        if data.state == "active":
            started_at = earliest(recording.started_at, in_utc(data.start_date_time or event.at))
            return replace(recording, started_at=started_at, active_at=latest(recording.active_at, event.at))
        return replace(recording, stopped_at=latest(recording.stopped_at, event.at))

    return _recording(_callback(call, event), data.recording_id, change)


def _start_recording_failed(call: Call, event: Event) -> Call:
    data: RecordingFailedPayload = event.data
    info = data.result_information
    failure = Result(event.type, *info.codes, info.message or "")
    failures = call.recording_failures | {event.id: failure}
    return replace(_callback(call, event), recording_failures=failures)


def _recording_file(call: Call, event: Event) -> Call:
    data: RecordingFilePayload = event.data

    def change(recording: Recording) -> Recording:
        chunks = dict(recording.chunks)
        for told in data.recording_storage_info.recording_chunks:
            chunk = Chunk(told.content_location, told.metadata_location, told.delete_location)
            before = chunks.get(str(told.index), chunk)
            chunks[str(told.index)] = min(before, chunk, key=lambda c: c.content)
        return replace(recording, chunks=dict(sorted(chunks.items())))

    return _recording(call, recording_id_of(event.subject), change)


def _play_over(call: Call, event: Event) -> Call:
    """PlayCompleted, PlayFailed, PlayCanceled."""
    outcome = PLAYED if event.type == "PlayCompleted" else f"not played: {describe(event) or event.type}"
    return _prompt(_callback(call, event), event.data.operation_context, outcome)


def _prompt(call: Call, context: str | None, outcome: str) -> Call:
    """The call with an outcome of one of its prompts, which the operation context names: it is the effect's id."""
    if context == effect_id(call.id, ANNOUNCEMENT):
        return replace(call, announced=_better(call.announced, outcome))
    if context == effect_id(call.id, NOTICE):
        return replace(call, notified=_better(call.notified, outcome))
    return call


def _outcome_of(call: Call, effect: Effect) -> str | None:
    """What is known of the prompt that the effect plays."""
    return call.announced if effect.id == effect_id(call.id, ANNOUNCEMENT) else call.notified


def _better(a: str | None, b: str) -> str:
    """Of two outcomes of a prompt: that it was played, if one says so; that it started, if nothing else is known."""
    return min((a or b, b), key=lambda outcome: (outcome != PLAYED, outcome == STARTED, outcome))


def _play_started(call: Call, event: Event) -> Call:
    call = _prompt(_callback(call, event), event.data.operation_context, STARTED)
    return replace(call, first_audio_at=earliest(call.first_audio_at, event.at))


def _effect_done(call: Call, event: Event) -> Call:
    done: EffectDone = event.data
    effect = next((e for e in call.effects if e.id == done.effect_id), None)
    if effect is not None and isinstance(effect.action, ArchiveChunk) and done.archived is not None:
        path, length = done.archived
        return _chunk(call, effect.action, lambda chunk: replace(chunk, path=path, length=length))
    if done.recording_id:
        return _recording(call, done.recording_id, lambda recording: recording)
    return call


def _effect_failed(call: Call, event: Event) -> Call:
    failed: EffectFailed = event.data
    effect = next((e for e in call.effects if e.id == failed.effect_id), None)
    if effect is None or not has_failed(effect, failed):
        return call
    until = event.at + timedelta(seconds=failed.wait) if failed.wait else LONG_AGO
    result = Result(failed.action, failed.code, failed.sub_code, failed.message, until)
    match effect.action:
        case StartRecording():
            return replace(call, recording_failures=call.recording_failures | {event.id: result})
        case Play() if effect.tries >= PLAY_TRIES or _outcome_of(call, effect) == STARTED or not passes(result):
            return _prompt(call, effect.id, f"not played: {in_words(result.code, result.sub_code)}")
        case ArchiveChunk() if result.code == GONE:
            lost = failed.message or "the file was no longer there"
            return _chunk(call, effect.action, lambda chunk: replace(chunk, lost=lost))
    return call


GONE = 404
PLAY_TRIES = 3


def has_failed(effect: Effect, failed: EffectFailed) -> bool:
    """Whether the effect has failed. One that ACS has carried out fails only if no event tells how it went: that the
    answer to a request was lost says nothing any more.
    """
    return failed.silent or not effect.performed


def passes(result: Result) -> bool:
    """Whether a failure can pass by itself."""
    return look_up(result.code, result.sub_code).verdict == "transient"


def _chunk(call: Call, action: ArchiveChunk, change: Callable[[Chunk], Chunk]) -> Call:
    key = str(action.index)

    def in_recording(recording: Recording) -> Recording:
        return replace(recording, chunks=recording.chunks | {key: change(recording.chunks[key])})

    return _recording(call, action.recording_id, in_recording)


def _nothing(call: Call, _event: Event) -> Call:
    return call


_FOLDS: dict[str, Callable[[Call, Event], Call]] = {
    "IncomingCall": _incoming_call,
    "Answered": _answered,
    "AnswerRefused": _answer_refused,
    "Rejected": _nothing,
    "Woken": _nothing,
    "Found": _found,
    "EffectDone": _effect_done,
    "EffectFailed": _effect_failed,
    "CallConnected": _call_connected,
    "CallDisconnected": _call_over,
    "AnswerFailed": _call_over,
    "ParticipantsUpdated": _participants_updated,
    "RecordingStateChanged": _recording_state_changed,
    "StartRecordingFailed": _start_recording_failed,
    "RecordingFileStatusUpdated": _recording_file,
    "PlayStarted": _play_started,
    "PlayCompleted": _play_over,
    "PlayFailed": _play_over,
    "PlayCanceled": _play_over,
}
