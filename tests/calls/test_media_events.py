"""What the media service has received: events in any order, repeated and lost."""

from __future__ import annotations

from itertools import permutations

import pytest

from shared.calls.capabilities.media import MOST_SOCKETS, Media, Transcript
from shared.calls.event import Event
from shared.calls.policy import CallPolicy
from tests.calls.driver import CALL, CallDriver, at, connected
from tests.golden import event

UNRECORDED = CallPolicy(record=False)
BLOB = f"{CALL}.jsonl"

BEGUN = event("transcript_written", 2, lines=0, until=None)
LONGER = event("transcript_written", 60, lines=20, gaps=1, until=at(59).isoformat())
CLOSED = event("transcript_written", 90, lines=30, gaps=1, leftOut=2, until=at(89).isoformat(), captions=f"{CALL}.vtt")
HEARD = event("audio_received", 60)
HEARD_MORE = event("audio_received", 90, frames=4000, until=at(81).isoformat())


def after(*events: Event) -> Media:
    call = connected(UNRECORDED)
    for each in events:
        call.receive(each, now=99)
    return call.call.media


@pytest.mark.parametrize("order", [*permutations([BEGUN, LONGER, CLOSED, HEARD, HEARD_MORE])])
def test_every_order_and_repetition_gives_the_same_part(order: tuple[Event, ...]) -> None:
    part = after(*order, *order)
    assert part.transcript == Transcript(BLOB, at(1), f"{CALL}.vtt", at(89), lines=30, gaps=1, left_out=2)
    (audio,) = part.audio.values()
    assert (audio.frames, audio.until) == (4000, at(81))


def test_the_last_event_alone_has_it_all() -> None:
    assert after(CLOSED, HEARD_MORE) == after(BEGUN, LONGER, CLOSED, HEARD, HEARD_MORE)


def test_each_socket_has_its_audio_up_to_a_limit() -> None:
    sockets = [event("audio_received", n, subscriptionId=f"{n}", startedAt=at(n).isoformat()) for n in range(60)]
    assert set(after(*sockets).audio) == {str(n) for n in range(MOST_SOCKETS)}
    assert after(*sockets) == after(*reversed(sockets))


def test_the_timeline_has_no_participant_of_it() -> None:
    call = connected(UNRECORDED).receive(CLOSED).receive(HEARD).call
    texts = [entry.text for entry in call.timeline if entry.type in {"TranscriptWritten", "AudioReceived"}]
    assert texts == ["4 s, 1 participants", "30 lines, 1 gaps, 2 left out"]


def test_they_neither_keep_a_call_alive_nor_end_it() -> None:
    call: CallDriver = connected(UNRECORDED)
    before = call.call
    after = call.receive(CLOSED, now=800).call
    assert (after.last_event_at, after.state) == (before.last_event_at, before.state)


def test_a_negative_number_is_left_out() -> None:
    (audio,) = after(event("audio_received", 2, missing=-1.0)).audio.values()
    assert audio.missing == 0
