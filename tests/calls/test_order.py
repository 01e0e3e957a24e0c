"""The same events make the same call, in every order and however often each comes."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.calls.call import Call, Measured
from shared.calls.events import Event, Rang, Refused
from shared.calls.machine import recording_status, reduce
from shared.calls.policy import Decision, Plan
from tests.golden import START, event

CALL = Call(id="20261121-00112233445566778899aabbccddeeff", plan=Plan(announcement="This call is recorded."))
RANG = Event("in", "IncomingCall", START, Rang(Decision.ANSWER, "4:+1", "28:orgid:a", None, None, None, None, START))
FORBIDDEN = {"code": 403, "subCode": 0, "message": ""}

EVENTS = [
    RANG,
    replace(RANG, data=replace(RANG.data, decision=Decision.TOO_LATE)),  # the same one, delivered again too late
    replace(RANG, data=replace(RANG.data, tenant="t", callee_name="Support line", callee_number="+18005550100")),
    replace(RANG, data=replace(RANG.data, tenant="t", callee_name="Helpline")),  # it was renamed in between
    event("call_connected", 1),
    event("start_recording_failed", 2),
    event("start_recording_failed", 4),
    event("start_recording_failed", 5, resultInformation=FORBIDDEN),
    event("recording_active", 6),
    event("recording_active", 6.5, startDateTime="2026-11-21T09:00:06.500000"),
    event("participants_updated", 7, sequenceNumber=3),
    event("participants_updated", 8, sequenceNumber=5, participants=[]),
    event("play_started", 9),
    event("tone_received", 10),
    event("recording_inactive", 11),
    event("call_disconnected", 12),
    event("answer_failed", 12),
    event("recording_file", 13),
]


def told(events: list[Event], gap: float) -> Call:
    """The call after the events, without what tells when they reached us and what is left to do."""
    call, now = CALL, START
    for said in events:
        call, _ = reduce(call, said, now)
        now += timedelta(seconds=gap)
    timeline = tuple(replace(entry, received=START) for entry in call.timeline)
    return replace(call, timeline=timeline, measured=Measured(), effects=())


@given(
    st.lists(st.sampled_from(EVENTS), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
    st.floats(0, 3600),
)
def test_order_and_repetition_make_no_difference(chosen: list[Event], random: object, gap: float) -> None:
    shuffled = chosen * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    once, again = told(chosen, 0.1), told(shuffled, gap)
    assert again == once
    assert recording_status(again) == recording_status(once)


def test_the_whole_life_in_reverse_and_twice_makes_the_same_call() -> None:
    assert told([*reversed(EVENTS)] * 2, 60) == told(EVENTS, 0.1)


def test_an_answer_that_is_refused_twice_is_told_once_and_at_its_first_time() -> None:
    refused = [
        Event("answer/refused", "AnswerRefused", START + timedelta(seconds=s), Refused(400, 8523, "")) for s in (1, 9)
    ]
    assert told(refused, 0.1) == told(refused[::-1], 0.1)
    assert [entry.at for entry in told(refused, 0.1).timeline] == [START + timedelta(seconds=1)]
