"""What must hold after every run, with any faults. Each function yields its violations.

Where a promise ends for a reason outside the app, the exemption stands beside it, with the reason; docs/reliability.md
lists them all.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from emulator.acs.calls import Call as AcsCall
from shared.calls import operations
from shared.calls.capabilities import Call, recording_status, reduce
from shared.calls.capabilities.lifecycle import RING_WINDOW
from shared.calls.capabilities.recording import ATTEMPTS, Recording, RecordingStatus
from shared.calls.capabilities.routing import PlanEnded, Routing, StepProgressed, StepReached
from shared.calls.event import ActionFailed, ActionPerformed, Event
from shared.calls.operations import Outcome
from shared.calls.state import CallState
from shared.platform import tokens
from shared.storage import lists
from tests.simulation import command_invariants as commanded
from tests.simulation import outbound_invariants as outbound
from tests.simulation import plan_invariants as planned
from tests.simulation import published_invariants as for_others
from tests.simulation.platform import START
from tests.simulation.schedules import FOREIGN
from tests.simulation.storage import plain
from tests.simulation.versions import ADDED, NEWER, UNDECODABLE
from tests.simulation.world import BENT, Folded, RunResult, id_of

TOKEN_LIFE = 360.0  # seconds: five minutes and the minute by which clocks may differ
SLOWEST = 10.0  # seconds of virtual time for a handler
ANSWERING = timedelta(seconds=9)  # the longest that the app tries to have a call answered (app.HANDLER_SECONDS)
TERMINAL = {
    CallState.NOT_OURS,
    CallState.MISSED,
    CallState.REFUSED,
    CallState.REJECTED,
    CallState.FAILED,
    CallState.ENDED,
}
STATUSES = {RecordingStatus.OFF, RecordingStatus.ARCHIVED, RecordingStatus.NOT_RECORDED, RecordingStatus.LOST}
OWN_DECISIONS = {
    ActionFailed.__name__,
    StepReached.__name__,
    StepProgressed.__name__,
    PlanEnded.__name__,
}  # they depend on the order
LONG = 200.0  # seconds
FILE_LIFE = timedelta(hours=24)
QUEUE = "wake_call"  # copies long recordings, and has the time for it
UNHURRIED = {QUEUE, "api"}  # a command waits for its outcome as long as its caller wants; 25 s bound it


def answered_once(result: RunResult) -> Iterator[str]:
    """At most one answer is carried out for an incoming-call context, and every try for it bears the same id."""
    answers = [e for e in result.journal if e["kind"] == "acs.request" and e["operation"] == "AnswerCall"]
    for call in result.acs:
        tries = [e for e in answers if (e["body"] or {}).get("incomingCallContext") == call.context]
        carried_out = [e for e in tries if e["status"] == 200 and not e["repeated"]]
        if len(carried_out) > 1:
            yield f"a call was answered {len(carried_out)} times"
        ids = {e["headers"].get("Repeatability-Request-ID") for e in tries}
        if len(ids) > 1:
            yield f"one call was answered under {len(ids)} ids, so that only ACS's memory of the context held it off"


def recorded_truly(result: RunResult) -> Iterator[str]:
    """One active recording at most; *archived* has its files, *not recorded* and *lost* their reason."""
    for acs in result.acs:
        spans = sorted((take.start, take.end or result.seconds) for r in acs.recordings for take in r.takes)
        if any(second[0] < first[1] for first, second in itertools.pairwise(spans)):
            yield "two recordings of one call were active at the same time"
    for call in result.calls.values():
        status, reason = recording_status(call)
        for what in _faults_of(result, call, status, reason):
            yield f"call {call.id} is {status} ({reason}), but {what}"


def _faults_of(result: RunResult, call: Call, status: RecordingStatus, reason: str | None) -> Iterator[str]:
    if status is RecordingStatus.ARCHIVED:
        yield from _files(result, call)
        return
    if status is not RecordingStatus.OFF and not reason:
        yield "no reason is given"
    if status is RecordingStatus.OFF and call.policy.record and _was_in_a_call(result, call):
        yield "there was a call to record, and no reason is given"
    if status is RecordingStatus.LOST:
        if _could_be_had(result, call):
            yield "its file was announced in time"
    elif _said_to_run(call):
        yield "its timeline says that a recording ran"
    elif _was_recorded(result, call):
        yield "ACS has a file of it"
    if _should_be_recorded(result, call):
        yield "it lasted for minutes, and nothing was in the way"


def _was_recorded(result: RunResult, call: Call) -> bool:
    """Whether ACS made a file and announced it. Events that are never delivered do not count; those that arrived while
    the row could not be decoded are in quarantine, for an operator to replay.
    """
    acs = _acs_call(result, call)
    documents = [document for recording in acs.recordings for document in recording.documents] if acs else []
    return bool(documents) and not {"event never delivered", BENT, UNDECODABLE} & set(result.schedule.kinds)


def _was_in_a_call(result: RunResult, call: Call) -> bool:
    acs = _acs_call(result, call)
    return acs is not None and acs.answered_at is not None and call.state is CallState.ENDED


def _acs_call(result: RunResult, call: Call) -> AcsCall | None:
    return next((acs for acs in result.acs if id_of(acs) == call.id), None)


def _should_be_recorded(result: RunResult, call: Call) -> bool:
    """Whether it lasted longer than every passing fault. Exempt: the platform refused to record, failed to four times
    within half a minute, or never announces the file.
    """
    in_the_way = {
        "recording fails",
        BENT,
        "setting wrong",
        "event never delivered",
        "event delayed",
        "clock skew",
        NEWER,
        UNDECODABLE,
    }
    if not call.policy.record or in_the_way & set(result.schedule.kinds) or call.policy.on_recording_failure == "end":
        return False
    if len(call.recording.failures) >= ATTEMPTS:
        return False
    acs = _acs_call(result, call)
    if acs is None or acs.answered_at is None or acs.ended_at is None or call.connected_at is None:
        return False
    return (acs.ended_at - acs.answered_at).total_seconds() > LONG


def _files(result: RunResult, call: Call) -> Iterator[str]:
    for recording in call.recording.recordings.values():
        for index, chunk in recording.chunks.items():
            blob = result.blobs["recordings"].get(chunk.path or "")
            document = chunk.content.split("/objects/")[1].partition("/")[0]
            if blob is None:
                yield f"file {index} is not there"
            elif blob != result.files.get(document) or chunk.length != len(blob):
                yield f"file {index} is not what ACS recorded"


def _said_to_run(call: Call) -> bool:
    return any(e.type == "RecordingFileStatusUpdated" or (e.type, e.text) == ("RecordingStateChanged", "active")
               for e in call.timeline)  # fmt: skip


def _could_be_had(result: RunResult, call: Call) -> bool:
    """Whether the event of the file came long enough before ACS deletes it. Retries may need some hours of that."""
    whole = BENT not in result.schedule.kinds
    announced = [e for e in call.timeline if e.type == "RecordingFileStatusUpdated" and whole]
    enough = FILE_LIFE - timedelta(hours=4)
    return any(e.received - e.at < enough - timedelta(seconds=result.skewed) for e in announced)


def accounted_for(result: RunResult) -> Iterator[str]:
    """Every accepted event is in a timeline or in quarantine. No genuine callback is refused for good.

    Except by an instance whose clock is wrong by more than a token's life: it cannot distinguish a current token
    from a replayed one. And except for a token that was on its way when its key was withdrawn.
    """
    known = {entry.id for call in (result.calls | result.unreadable).values() for entry in call.timeline}
    aside = b"".join(result.blobs["quarantine"].values())
    published = {e["event"]["id"] for e in result.journal if e["kind"] == "event"}
    for entry in result.journal:
        if entry["kind"] == "delivery" and entry["status"] in range(200, 300):
            for event in entry["events"]:
                if event["id"] not in known and event["id"].encode() not in aside:
                    kind = event["type"].rpartition(".")[2]
                    yield f"{kind} {event['id']} was accepted by {entry['subscription']}, and is nowhere"
        if entry["kind"] == "callback" and entry["status"] is not None:
            for event in entry["events"]:
                if entry["status"] == 200 and event["id"] not in published and event["id"].encode() not in aside:
                    yield f"callback {event['id']} was accepted, and was not published"
                if 400 <= entry["status"] < 500 and result.skewed <= TOKEN_LIFE and not _just_withdrawn(result, entry):
                    yield f"a genuine callback was refused for good, with {entry['status']}"


def _just_withdrawn(result: RunResult, callback: dict[str, Any]) -> bool:
    at = (datetime.fromisoformat(callback["at"]) - START).total_seconds()
    on_its_way = tokens.PROMPT_SECONDS + 0.2  # from ACS to the verdict, where the keys are fetched at once
    return any(withdrawn and 0 <= at - then < on_its_way for then, withdrawn in result.schedule.rotations)


def order_free(result: RunResult) -> Iterator[str]:
    """The row says what the same events say in the order in which they happened, once each; and in any other."""
    rng = random.Random(result.schedule.seed)  # noqa: S311  # chance that can be repeated
    for id, call in result.calls.items():
        folded = sorted((f for f in result.folded if f.call_id == id), key=_knows_the_line)
        distinct = {(f.event.id, f.event.at, getattr(f.event.data, "decision", None)): f for f in folded}
        in_order = sorted(distinct.values(), key=lambda f: (f.event.type == "TimerFired", f.event.at, f.event.id))
        added = ADDED if result.schedule.deploys else ()  # what the version before did not write is not known now
        left_out = (*added, *_from_responses(call))
        facts, saved = _facts(_refold(call, in_order), left_out), _facts(call, left_out)
        if facts != saved:
            yield f"call {id}: {_difference(facts, saved)} in the order of the events"
        shuffled = in_order + [f for f in in_order if f.event.type != "TimerFired"]
        rng.shuffle(shuffled)
        again = _facts(_refold(call, sorted(shuffled, key=lambda f: f.event.type == "TimerFired")), left_out)
        if again != facts:
            yield f"call {id}: {_difference(facts, again)} in another order"


def _from_responses(call: Call) -> tuple[str, ...]:
    """What the responses to the request for an outbound call can say: they are no events of the platform."""
    if not call.lifecycle.is_outbound:
        return ()
    has_failed = CallState.FAILED in {call.state, *call.reached}
    own_end = ("state", "reached") if has_failed else ()
    return ("call_connection_id", "correlation_id", *own_end)


def _knows_the_line(folded: Folded) -> bool:
    """What an instance adds to an event by itself, from the directory: not every one can read it every time."""
    return getattr(folded.event.data, "tenant", None) is not None


def _refold(call: Call, events: list[Folded]) -> Call:
    """The call that the events make. The outcomes of effects need the effects, which only the real order had; so do
    those of a plan's steps need its visits, which are decisions.
    """
    again = Call(id=call.id, policy=call.policy, routing=_walk(call.routing))
    for folded in events:
        if not isinstance(folded.event.data, ActionPerformed | ActionFailed):
            again, _ = reduce(again, folded.event, folded.now)
    return again


def _walk(routing: Routing) -> Routing:
    return replace(routing, offers={}, answers={}, chosen={})


def _facts(call: Call, left_out: tuple[str, ...] = ()) -> dict[str, Any]:
    """What the platform's events say about the call: without what we did about it, and when."""
    recordings = {id: _announced(r) for id, r in call.recording.recordings.items() if _announced(r) != Recording()}
    said = {
        "lifecycle": replace(call.lifecycle, checked_at=None, received_at=None, answer_sent_at=None, answered_at=None),
        "participants": replace(call.participants, invitations={}, invited=(), rings={}),
        "recording": recordings,
        "operations": (call.operations.requested, _outcomes(call)),
        "routing": replace(call.routing, visits=(), offers={}),  # decisions, and responses to requests of this app
        "timeline": [(e.at, e.id, e.type, e.text) for e in call.timeline if e.type not in OWN_DECISIONS],
    }
    # consult: what was concluded because time passed; outbox: what was published, in the order of arrival
    excluded = {"effects", "last_event_at", "consult", "outbox", *left_out}
    return {name: said.get(name, getattr(call, name)) for name in call.__struct_fields__ if name not in excluded}


def _outcomes(call: Call) -> dict[str, Outcome]:
    """The final outcomes that the platform reported. What this app decided by itself hides their progress."""
    outcomes = dict(call.operations.outcomes)
    for heard in call.operations.unknown.values():  # whether a step is known depends on where the call stands
        before = outcomes.get(heard.context, heard.outcome)
        outcomes[heard.context] = min(before, heard.outcome, key=operations.precedence)
    return {context: o for context, o in outcomes.items() if o.is_final and not o.is_own}


def _announced(recording: Recording) -> Recording:
    chunks = {n: replace(c, path=None, length=None, lost=None) for n, c in recording.chunks.items()}
    return replace(recording, chunks=chunks, was_accepted=False, paused_at=None, resumed_at=None, ended_at=None)


def _difference(a: dict[str, Any], b: dict[str, Any]) -> str:
    name = next(name for name in a if a[name] != b[name])
    return f"{name} is {b[name]!r}, and {a[name]!r}"


def secret(result: RunResult) -> Iterator[str]:
    """No number, name, token or context in any log record or exception."""
    text = "\n".join(result.logged)
    for hidden in result.secrets:
        if hidden in text:
            line = next(line for line in text.splitlines() if hidden in line)
            yield f"a secret was logged: {line[:200]}"


def quick(result: RunResult) -> Iterator[str]:
    """No handler takes longer than 10 seconds. Not counted: the function of the queue, which may copy a long recording,
    that of the API, which waits as long as its caller wants, and invocations of an instance that was frozen.
    """
    for done in result.invocations:
        if done.function not in UNHURRIED and not done.frozen and not done.crashed and done.seconds > SLOWEST:
            yield f"{done.function} took {done.seconds:.1f} s"


def ends(result: RunResult) -> Iterator[str]:
    """Every call that is known ends, with its recording, and nothing is left to do for it.

    Except that a call of which neither the answer to our answer nor any callback ever reached us is taken for one
    that was not answered: without its connection's id there is nothing to ask ACS about.
    """
    if result.unended:
        yield "it did not come to rest within four days, or within 1,500 invocations"
    for id, call in result.calls.items():
        status, _ = recording_status(call)
        if call.state not in TERMINAL:
            yield f"call {id} is still {call.state}"
        elif status not in STATUSES:
            yield f"call {id} has ended, but its recording is still {status}"
        elif call.effects:
            yield f"call {id} has ended, and still wants {type(call.effects[0].action).__name__}"
    for acs in result.acs:
        known = result.calls.get(id_of(acs))
        unreadable = id_of(acs) in result.unreadable or acs.event_id in result.unanswerable
        if known is None and not unreadable and _accepted(result, acs.event_id):
            yield "an incoming call was accepted, and there is no row of it"
        over = known is None or acs.answered_at is None or known.state in {CallState.ENDED, CallState.FAILED}
        if known is not None and not over and known.call_connection_id is not None:
            yield f"call {known.id} was answered and is over, but is said to be {known.state}"


def _accepted(result: RunResult, event_id: str | None) -> bool:
    return any(
        entry["kind"] == "delivery" and entry["status"] == 202 and any(e["id"] == event_id for e in entry["events"])
        for entry in result.journal
    )


def kept(result: RunResult) -> Iterator[str]:
    """What another version has written stays as long as that version is needed to read it."""
    for lost in result.lost:
        yield f"what another version wrote to the row of call {lost} is overwritten"


def asked_for(result: RunResult) -> Iterator[str]:
    """Every request to ACS has an effect that a row recorded first. Answers, which are sent before there is a row,
    must be what the schedule says, and in time.
    """
    yield from result.unasked
    at = {call.context: call.ringing_at for call in result.acs}
    policy = result.schedule.settings.get("INCOMING_CALLS", "answer")
    is_on_behalf = any(caller.on_behalf_of for caller in result.schedule.callers)
    for sent in result.sent:
        if sent.operation not in {"AnswerCall", "RejectCall"}:
            continue
        wanted = "AnswerCall" if policy == "answer" else "RejectCall"
        if sent.operation == "RejectCall" and is_on_behalf and result.struck:  # its outbound rules cannot be read
            continue
        if sent.operation != wanted or result.schedule.settings.get("RESOURCE_ACCOUNTS") == FOREIGN:
            yield f"{sent.operation} was sent, against the schedule"
        ringing_at = at.get(json.loads(sent.request.body).get("incomingCallContext"))
        late = _moment(sent.at) - ringing_at if ringing_at is not None else timedelta()
        if late > RING_WINDOW + ANSWERING + timedelta(seconds=result.skewed) and not result.schedule.freezes:
            yield f"{sent.operation} was sent {late.total_seconds():.0f} s after the call had begun to ring"


def listed(result: RunResult) -> Iterator[str]:
    """Every call is in the lists that its row says, with the columns of its row, and in no other."""
    expected: dict[tuple[str, str], dict[str, Any]] = {}
    unreadable = set(result.unreadable)
    for id, entity in result.entities.items():
        change = lists.change(id, plain(entity), "")
        if change is not None and id not in unreadable:
            expected |= {(row["PartitionKey"], row["RowKey"]): row for row in change.written}
    found = {key: row for key, row in result.lists.items() if key[1].rpartition(" ")[2][6:] not in unreadable}
    for key in expected.keys() ^ found.keys():
        if result.schedule.deploys and key in found:  # the column is not in the row that the version before has written
            continue
        yield f"{key[1]} {'is not there' if key in expected else 'is there without need'}"
    for key in expected.keys() & found.keys():
        if any(plain(found[key]).get(name) != value for name, value in expected[key].items()):
            yield f"{key[1]} has other columns than the row"


def _moment(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


INVARIANTS: dict[str, Callable[[RunResult], Iterator[str]]] = {
    "1 answered once": answered_once,
    "2 recorded truly": recorded_truly,
    "3 accounted for": accounted_for,
    "4 order-free": order_free,
    "5 secret": secret,
    "6 quick": quick,
    "7 ends": ends,
    "8 asked for": asked_for,
    "9 kept": kept,
    "10 carried out once": commanded.carried_out_once,
    "11 one for each key": commanded.one_for_each_key,
    "12 has an outcome": commanded.has_an_outcome,
    "13 leaves no trace": commanded.leaves_no_trace,
    "14 nothing after the end": commanded.nothing_after_the_end,
    "15 listed": listed,
    "16 walks on": planned.walks_on,
    "17 decided once": planned.decided_once,
    "18 reaches an end": planned.reaches_an_end,
    "19 never silent": planned.never_silent,
    "20 dialled once": planned.dialled_once,
    "21 one agent": planned.one_agent,
    "22 rings the living": planned.rings_the_living,
    "23 released": planned.released,
    "24 placed once": outbound.placed_once,
    "25 placed truly": outbound.placed_truly,
    "26 callee added once": outbound.callee_added_once,
    "27 published": for_others.published,
}


def broken(result: RunResult) -> list[str]:
    """The violations, each with the invariant's name."""
    return [f"{name}: {what}" for name, holds in INVARIANTS.items() for what in holds(result)]


__all__ = ["INVARIANTS", "Event", "broken"]
