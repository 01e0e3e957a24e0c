"""The machine: an event folded into a call, and what should be done about it now.

``reduce`` is the only entry. What should be done is not remembered from event to event but read off the call
(``_wanted``): an effect is wanted as long as the facts say so, and dropped when they no longer do. That is why
a crash loses nothing, and why late and repeated events do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from msgspec.structs import replace

from shared.calls.call import UNHEARD, Call, Recording, RecordingStatus, Result, State
from shared.calls.effects import (
    AnyAction,
    ArchiveChunk,
    Effect,
    FindCall,
    HangUp,
    Play,
    StartRecording,
    effect_id,
)
from shared.calls.events import CallbackPayload, EffectDone, EffectFailed, Event
from shared.calls.fold import ANNOUNCEMENT, NOTICE, STARTED, fold, has_failed, in_words
from shared.calls.policy import RING_WINDOW
from shared.calls.result_codes import Verdict, look_up

ATTEMPTS = 4  # to start a recording
RETRY_DELAYS = (timedelta(seconds=2), timedelta(seconds=5), timedelta(seconds=15))  # between them

# An invocation gives up after 9 seconds (app.HANDLER_SECONDS), and in the queue-triggered function, which has longer,
# an effect after 6 (app.EFFECT_SECONDS): a claim older than 10 belongs to a dead one.
CLAIM = timedelta(seconds=10)
LONG_CLAIM = timedelta(minutes=10)  # copying a recording, which may go on there for 9 (app.COPY_SECONDS)
SLOWEST_RETRY = timedelta(hours=1)

# How long the event that tells an effect's outcome is waited for.
PATIENCE = {
    "StartRecording": timedelta(seconds=60),
    "Play": timedelta(minutes=2),
    "HangUp": timedelta(seconds=30),
}

# When nothing was heard of a call for so long, ACS is asked what became of it.
QUIET = {State.ANSWERED: timedelta(minutes=1), State.CONNECTED: timedelta(minutes=15)}

FILE_LIFE = timedelta(hours=24)  # ACS deletes recordings then (azure-docs, "Call Recording overview")
GRACE = timedelta(seconds=5)


def reduce(call: Call, event: Event, now: datetime) -> tuple[Call, tuple[Effect, ...]]:
    """The call after the event, and the effects to perform now, claimed for this invocation.

    Pure: the same arguments give the same answer, and nothing else is read.
    """
    call = fold(call, event, now)
    call = _note_outcome(call, event, now)
    call = _give_up_waiting(call, now)
    call = _settle(call, now)
    return _claim(call, now)


def next_look(call: Call, now: datetime) -> datetime | None:
    """When the sweep should look at the call, if nothing else happens; None when it is over and done with."""
    moments = [effect.claimed_until or effect.due for effect in call.effects]
    heard = call.measured.heard_at or now
    if call.state is State.RINGING and call.called_at is not None:
        moments.append(call.called_at + RING_WINDOW + GRACE)
    if call.state in QUIET and call.call_connection_id is not None:
        moments.append(heard + QUIET[call.state])
    elif call.state is State.ANSWERED:
        moments.append(heard + UNHEARD)
    if _awaits_file(call) and call.ended_at is not None:
        moments.append(call.ended_at + FILE_LIFE + GRACE)
    return min(moments, default=None)


def next_wake(call: Call) -> datetime | None:
    """When the call wants to be woken on time, by the queue: the next effect that waits for its moment."""
    waiting = (e.due for e in call.effects if not e.performed and e.claimed_until is None)
    return min(waiting, default=None)


# -- Effects: what is wanted, and the book-keeping -----------------------------------------------------------


def _wanted(call: Call, now: datetime) -> Iterator[tuple[str, AnyAction, timedelta]]:
    """The steps that the facts ask for: (name, action, delay from when it is first wanted)."""
    if call.state is State.CONNECTED:
        yield from _recording_wanted(call, now)
        yield from _announcement_wanted(call)
        yield from _end_wanted(call)
    if call.state in QUIET and call.call_connection_id is not None:
        heard = call.measured.heard_at or now
        if now - heard >= QUIET[call.state]:
            yield f"find {heard.isoformat()}", FindCall(), timedelta()
    if call.state is not State.NOT_OURS:
        yield from _archive_wanted(call)


def _archive_wanted(call: Call) -> Iterator[tuple[str, AnyAction, timedelta]]:
    for recording_id, recording in call.recordings.items():
        for index, chunk in recording.chunks.items():
            if chunk.path is None and chunk.lost is None:
                yield f"archive {recording_id} {index}", ArchiveChunk(recording_id, int(index)), timedelta()


def _recording_wanted(call: Call, now: datetime) -> Iterator[tuple[str, AnyAction, timedelta]]:
    if not call.plan.record or _recording_runs(call) or _why_unrecordable(call) is not None:
        return
    attempt = len(call.recording_failures) + 1
    left_alone = max((failure.until for failure in call.recording_failures.values()), default=now) - now
    delay = timedelta() if attempt == 1 else max(RETRY_DELAYS[attempt - 2], left_alone)
    yield f"start recording {attempt}", StartRecording(attempt), delay


def _announcement_wanted(call: Call) -> Iterator[tuple[str, AnyAction, timedelta]]:
    active = any(recording.is_active for recording in call.recordings.values())
    if call.plan.announcement and active and call.announced is None:
        yield ANNOUNCEMENT, Play(ANNOUNCEMENT, call.plan.announcement), timedelta()


def _end_wanted(call: Call) -> Iterator[tuple[str, AnyAction, timedelta]]:
    """A call that can't be recorded ends, after a notice, where the policy says so."""
    if not call.plan.record or call.plan.unrecorded != "end" or _recording_runs(call):
        return
    if _why_unrecordable(call) is None:
        return
    if call.plan.notice and call.notified in (None, STARTED):
        yield NOTICE, Play(NOTICE, call.plan.notice), timedelta()
    else:
        yield "hang up", HangUp(), timedelta()


def _settle(call: Call, now: datetime) -> Call:
    """The open effects are exactly those that are wanted."""
    open_effects = {effect.id: effect for effect in call.effects}
    effects = []
    for step, action, delay in _wanted(call, now):
        id = effect_id(call.id, step)
        effects.append(open_effects.get(id) or Effect(id, action, now + delay))
    return replace(call, effects=tuple(effects))


def _claim(call: Call, now: datetime) -> tuple[Call, tuple[Effect, ...]]:
    """Claim what is due. The claim is saved with the call before anything is performed, and its time grows with
    each try, so that what keeps failing is tried less and less often.
    """
    kept, claimed = [], []
    for effect in call.effects:
        free = effect.claimed_until is None or effect.claimed_until <= now
        if effect.performed or effect.due > now or not free:
            kept.append(effect)
            continue
        claim = LONG_CLAIM if isinstance(effect.action, ArchiveChunk) else CLAIM
        mine = replace(effect, tries=effect.tries + 1, claimed_until=now + _grown(claim, effect.tries))
        kept.append(mine)
        claimed.append(mine)
    return replace(call, effects=tuple(kept)), tuple(claimed)


def _grown(delay: timedelta, tries: int) -> timedelta:
    return min(delay * int(2 ** min(tries, 16)), max(SLOWEST_RETRY, delay))


def _note_outcome(call: Call, event: Event, now: datetime) -> Call:
    """Mark the effect that the event is the outcome of: performed, or to be tried again later. A prompt that has
    started was performed, whatever becomes of the request for it.
    """
    match event.data:
        case EffectDone(effect_id=id):
            return _change(call, id, lambda e: _performed(e, now))
        case EffectFailed(effect_id=id) as failed:
            return _change(call, id, lambda e: _later(e, now, failed.wait) if has_failed(e, failed) else e)
        case CallbackPayload(operation_context=str(id)) if event.type == "PlayStarted":
            return _change(call, id, lambda e: e if e.performed else _performed(e, now))
    return call


def _change(call: Call, id: str, change: Callable[[Effect], Effect]) -> Call:
    return replace(call, effects=tuple(change(e) if e.id == id else e for e in call.effects))


def _performed(effect: Effect, now: datetime) -> Effect:
    patience = PATIENCE.get(type(effect.action).__name__, timedelta(minutes=1))
    return replace(effect, performed=True, claimed_until=None, due=now + patience)


def _later(effect: Effect, now: datetime, wait: float) -> Effect:
    delay = max(_grown(timedelta(seconds=1), effect.tries), timedelta(seconds=wait))
    return replace(effect, performed=False, claimed_until=None, due=now + delay)


def _give_up_waiting(call: Call, now: datetime) -> Call:
    """An effect whose outcome never came is taken as failed."""
    for effect in call.effects:
        if effect.performed and effect.due <= now:
            action = type(effect.action).__name__
            failed = EffectFailed(effect.id, action, 408, 0, "no event told how it went", silent=True)
            event = Event(f"{effect.id}/silence/{effect.tries}", "EffectFailed", now, failed)
            call = _note_outcome(fold(call, event, now), event, now)
    if _awaits_file(call) and call.ended_at is not None and now > call.ended_at + FILE_LIFE:
        call = replace(call, file_lost="no file of the recording came within 24 hours")
    if call.ended_at is not None and now > call.ended_at + 2 * FILE_LIFE:  # a file can come a day after the call
        call = replace(call, recordings={id: _given_up(recording) for id, recording in call.recordings.items()})
    return call


def _given_up(recording: Recording) -> Recording:
    """The recording without hope for files that could not be copied while ACS kept them."""
    lost = "it could not be copied within 24 hours"
    chunks = {i: c if c.path or c.lost else replace(c, lost=lost) for i, c in recording.chunks.items()}
    return replace(recording, chunks=chunks)


# -- What the facts mean for the recording -------------------------------------------------------------------


def recording_status(call: Call) -> tuple[RecordingStatus, str | None]:
    """How the recording of the call stands, and, where there is none, why. One of a call that is not ours is none of
    ours either.
    """
    if call.state is State.NOT_OURS:
        return RecordingStatus.OFF, None
    chunks = [chunk for recording in call.recordings.values() for chunk in recording.chunks.values()]
    lost = next((chunk.lost for chunk in chunks if chunk.lost), None) if chunks else call.file_lost
    if lost:
        return RecordingStatus.LOST, lost
    if chunks and all(chunk.path for chunk in chunks):
        return RecordingStatus.ARCHIVED, None
    if chunks or _recording_runs(call):
        started = [r for r in call.recordings.values() if r.started_at or r.stopped_at]
        stopped = bool(started) and not any(recording.is_active for recording in started)
        over = stopped or call.state is State.ENDED
        return (RecordingStatus.STOPPED if over else RecordingStatus.ACTIVE), None
    if not call.plan.record or not _was_recordable(call):
        return RecordingStatus.OFF, None
    reason = _why_unrecordable(call)
    if reason is None and call.state is State.ENDED:
        reason = "the call ended before a recording had started"
    return (RecordingStatus.NOT_RECORDED, reason) if reason else (RecordingStatus.STARTING, None)


def _was_recordable(call: Call) -> bool:
    """Whether there was, or may be, a call to record. That nobody told us that it was connected proves nothing."""
    if call.state is not State.ENDED:
        return call.state in {State.ANSWERED, State.CONNECTED}
    never_set_up = call.result is not None and call.result.told_by == "AnswerFailed"
    return call.connected_at is not None or (call.call_connection_id is not None and not never_set_up)


def _recording_runs(call: Call) -> bool:
    """Whether a recording has ever run: an event said so, or ACS refused another one because of it. The end alone tells
    it too, unless ACS has said that none could be started.
    """
    ran = any(r.started_at or r.chunks for r in call.recordings.values())
    ended = any(r.stopped_at for r in call.recordings.values()) and _why_unrecordable(call) is None
    return ran or ended or any(_verdict(f) is Verdict.ALREADY for f in call.recording_failures.values())


def recording_is_unnamed(call: Call, before: Call | None = None) -> bool:
    """Whether ACS may have taken a recording on without having told us its id. A request that failed may have been
    carried out all the same, if it was the answer that was lost; and so may one that somebody died over, of which
    only the call as it was ``before`` its end still tells.
    """
    asked = any(isinstance(e.action, StartRecording) and e.performed for e in call.effects)
    earlier = before.effects if before is not None and call.state is State.ENDED else ()
    abandoned = any(isinstance(e.action, StartRecording) and e.tries for e in earlier)
    return not call.recordings and (asked or abandoned or bool(call.recording_failures))


def _why_unrecordable(call: Call) -> str | None:
    """Why no recording will be tried any more, or None as long as one will."""
    failures = list(call.recording_failures.values())
    final = [f for f in failures if _verdict(f) is Verdict.FINAL]
    if final:
        worst = min(final)
        return in_words(worst.code, worst.sub_code)
    if len(failures) >= ATTEMPTS:
        last = min(failures)
        return f"{ATTEMPTS} attempts failed; {in_words(last.code, last.sub_code)}"
    return None


def _verdict(result: Result) -> Verdict:
    return look_up(result.code, result.sub_code).verdict


def _awaits_file(call: Call) -> bool:
    has_file = any(r.chunks for r in call.recordings.values())
    return call.state is State.ENDED and _recording_runs(call) and not has_file and call.file_lost is None
