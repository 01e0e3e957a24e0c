"""The same events give the same call: in any order, repeated, and with any order of the capabilities."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.calls import engine
from shared.calls.actions import AddParticipant, AnyAction, CancelInvitation, OfferCall
from shared.calls.capabilities import CAPABILITIES, Call, recording_status, reduce
from shared.calls.capabilities.lifecycle import Decision, IncomingCallReceived, RequestRejected
from shared.calls.capabilities.participants import ParticipantInvited
from shared.calls.capabilities.routing import (
    CallOffered,
    OfferAnswered,
    PlanChosen,
    PlanEnded,
    StepDecided,
    StepProgressed,
    StepReached,
)
from shared.calls.capability import Capabilities, Capability
from shared.calls.effect import Effect
from shared.calls.event import ActionFailed, Event, OperationRequested, own
from shared.calls.operations import Outcome, precedence
from shared.calls.plans.document import Plan
from shared.calls.policy import CallPolicy
from tests.calls.driver import step_event, timer
from tests.golden import START, event

OWN_WORDS = {ActionFailed.__name__, StepReached.__name__, StepProgressed.__name__, PlanEnded.__name__}
CALL = Call(id="20261121-00112233445566778899aabbccddeeff", policy=CallPolicy(announcement="This call is recorded."))
INCOMING = IncomingCallReceived(decision=Decision.ANSWER, caller="4:+1", callee="28:orgid:a", received_at=START)
FORBIDDEN = {"code": 403, "subCode": 0, "message": ""}

ADD, CANCEL = "7a0c53a0-0000-5000-8000-000000000001", "7a0c53a0-0000-5000-8000-000000000002"
AGENT = AddParticipant("8:acs:resource_tenant_agent")
HELD = [{"identifier": {"rawId": "4:+12065551212"}, "isMuted": True, "isOnHold": True}]


def request(id: str, action: AnyAction, after: float) -> Event:
    return own(id, START + timedelta(seconds=after), OperationRequested(action, "user supervisor"))


def incoming(**changed: object) -> Event:
    return Event("in", "IncomingCall", START, replace(INCOMING, **changed))


ADDITION = [
    request(ADD, AGENT, 7),
    own(f"{ADD}/done", START + timedelta(seconds=7.5), ParticipantInvited(ADD, AGENT, invitation_id="invitation")),
    event("participants_updated", 8.2, sequenceNumber=5, participants=HELD),
    event("add_participant_failed", 8.4, operationContext=ADD),
    event("add_participant_succeeded", 8.6, operationContext=ADD),
    request(CANCEL, CancelInvitation(ADD), 8.7),
    event("cancel_add_participant_succeeded", 9, operationContext=CANCEL),
    event("cancel_add_participant_failed", 9, operationContext=CANCEL),
    event("hold_failed", 9.1),
    event("remove_participant_succeeded", 9.2),
    event("move_participant_failed", 9.3),
    event("call_transfer_accepted", 9.4, transferTarget={"rawId": "8:acs:b"}),
    event("call_transfer_accepted", 9.6, operationContext=ADD),
    event("call_transfer_failed", 9.5),
]
PLAN = msgspec.convert(
    {
        "start": "menu",
        "steps": {
            "menu": {"type": "menu", "prompt": {"text": "Press 1."}, "keys": {"1": "bye"}, "otherwise": "wait"},
            "wait": {"type": "play", "prompt": {"text": "One moment."}, "then": "menu"},
            "bye": {"type": "hangUp"},
        },
    },
    Plan,
)
OFFER = OfferCall("menu.1", 1, ("group:sales",), "all", 25)
CLAIM = "7a0c53a0-0000-5000-8000-000000000003"


def at(after: float) -> datetime:
    return START + timedelta(seconds=after)


# What happens in a plan. The outcomes are of steps that the call may reach, or not, by the order of these events.
ROUTED = [
    own("plan", START, PlanChosen(PLAN, 1, "resource", context={"vip": "yes"})),
    step_event("recognize_failed", 10.6, "plan/menu.1/try 1"),
    step_event("recognize_keys", 10.7, "plan/menu.1/try 1"),
    step_event("recognize_failed", 10.8, "plan/menu.1/try 2"),
    step_event("recognize_keys", 10.9, "plan/menu.2/try 1"),
    step_event("play_completed", 11, "plan/wait.1/play 1"),
    step_event("play_failed", 11.1, "plan/wait.1/play 1"),
    own("offer", at(10.6), CallOffered(CLAIM, OFFER, targets=("8:acs:a",), position=2)),
    own("offer again", at(10.5), CallOffered(CLAIM, OFFER, targets=("8:acs:b",))),
    own("accept", at(10.7), OfferAnswered("menu.1", "8:acs:a", accepted=True)),
    own("decline", at(10.6), OfferAnswered("menu.1", "8:acs:a", accepted=False)),
    own("decide", at(10.6), StepDecided("menu.1", "bye", "app a")),
    own("decide again", at(10.6), StepDecided("menu.1", "wait", "app b")),
]
EVENTS = [
    incoming(),
    incoming(decision=Decision.TOO_LATE),  # the same one, delivered again too late
    incoming(tenant="t", callee_name="Support line", callee_number="+18005550100"),
    incoming(tenant="t", callee_name="Helpline"),  # it was renamed in between
    event("call_connected", 1),
    event("start_recording_failed", 2),
    event("start_recording_failed", 4),
    event("start_recording_failed", 5, resultInformation=FORBIDDEN),
    event("recording_active", 6),
    event("recording_active", 6.5, startDateTime="2026-11-21T09:00:06.500000"),
    event("participants_updated", 7, sequenceNumber=3),
    event("participants_updated", 8, sequenceNumber=5, participants=[]),
    event("play_started", 9),
    step_event("play_started", 9, "announcement"),
    step_event("play_failed", 9.5, "announcement"),
    step_event("play_completed", 10, "announcement"),
    event("play_completed", 10.5, operationContext="of another application"),
    event("play_canceled", 10.6, operationContext="of another application"),
    event("tone_received", 10),
    event("tone_received", 10.1, sequenceId=3, tone="pound", operationContext="listening"),
    event("tone_received", 10.1, "earlier", sequenceId=2, tone="one", operationContext="listening"),
    event("tone_failed", 10.2),
    event("tones_stopped", 10.3),
    event("send_dtmf_failed", 10.3),
    event("recognize_keys", 10.4),
    event("recognize_keys", 10.4, "again", dtmfResult={"tones": ["one"]}),
    event("recognize_speech", 10.4, operationContext="speech"),
    event("recognize_choice", 10.5, operationContext="choice"),
    event("recognize_failed", 10.5, operationContext="speech"),
    event("recognize_canceled", 10.5, operationContext="choice"),
    event("media_streaming_started", 10.6),
    event("media_streaming_failed", 10.6),
    event("media_streaming_stopped", 10.8),
    event("transcription_started", 10.6),
    event("transcription_updated", 10.8),
    event("transcription_failed", 10.9),
    event("transcription_stopped", 10.9),
    event("recording_inactive", 11),
    *ADDITION,
    event("call_disconnected", 12),
    event("answer_failed", 12),
    event("recording_file", 13),
]
IN_A_PLAN = [incoming(), event("call_connected", 1), *ROUTED, event("call_disconnected", 12)]


def facts(events: list[Event], gap: float) -> Call:
    """The call after the events, without what depends on when they were received: what is left to do, the words of this
    app itself, such as that a prompt has been silent for too long, and its decisions, such as which step of a plan
    comes next. A decision is made once.
    """
    call, now = CALL, START
    for said in events:
        call, _ = reduce(call, said, now)
        now += timedelta(seconds=gap)
    timeline = tuple(replace(e, received=START) for e in call.timeline if e.type not in OWN_WORDS)
    return replace(
        call,
        timeline=timeline,
        operations=replace(call.operations, outcomes=outcomes(call), unknown={}),
        lifecycle=replace(call.lifecycle, received_at=None),
        routing=replace(call.routing, visits=()),
        last_event_at=None,
        effects=(),
    )


def outcomes(call: Call) -> dict[str, Outcome]:
    """The outcomes that the platform reported. Whether their step is known depends on where the plan stands."""
    found = dict(call.operations.outcomes)
    for heard in call.operations.unknown.values():
        found[heard.context] = min(found.get(heard.context, heard.outcome), heard.outcome, key=precedence)
    return {context: outcome for context, outcome in found.items() if outcome.is_final and not outcome.is_own}


def play(call: Call, events: list[Event], capabilities: Capabilities) -> tuple[Call, list[Effect]]:
    effects: list[Effect] = []
    for second, said in enumerate(events):
        call, asked = engine.reduce(call, said, START + timedelta(seconds=30 * second), capabilities)
        effects += asked
    return call, effects


@given(
    st.lists(st.sampled_from(EVENTS + ROUTED), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
    st.floats(0, 3600),
)
def test_order_and_repetition_make_no_difference(chosen: list[Event], shuffler: random.Random, gap: float) -> None:
    shuffled = chosen * 2
    shuffler.shuffle(shuffled)
    once, again = facts(chosen, 0.1), facts(shuffled, gap)
    assert again == once
    assert recording_status(again) == recording_status(once)


@pytest.mark.parametrize("events", [EVENTS, IN_A_PLAN], ids=["commands", "plan"])
def test_all_events_in_reverse_and_twice_make_the_same_call(events: list[Event]) -> None:
    assert facts([*reversed(events)] * 2, 60) == facts(events, 0.1)


@given(st.permutations(CAPABILITIES), st.lists(st.sampled_from(EVENTS + ROUTED), min_size=1, max_size=12))
def test_the_order_of_the_capabilities_makes_no_difference(
    shuffled: list[Capability[Any]], chosen: list[Event]
) -> None:
    events = [*chosen, timer(30 * len(chosen))]
    assert play(CALL, events, tuple(shuffled)) == play(CALL, events, CAPABILITIES)


@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda capability: capability.name)
def test_a_fold_of_one_capability_reads_and_writes_its_own_part_alone(capability: Capability[Any]) -> None:
    """A fold with all capabilities gives the same parts as folds with each alone."""
    alone, _ = play(CALL, EVENTS + ROUTED, (capability,))
    together, _ = play(CALL, EVENTS + ROUTED, CAPABILITIES)
    name = capability.name
    if name not in {"recording", "routing"}:  # waits and visits depend on the state of the call, the lifecycle's
        assert getattr(alone, name, None) == getattr(together, name, None)


def test_an_answer_that_is_rejected_twice_is_in_the_timeline_once_at_its_first_time() -> None:
    rejected = [own("answer/rejected", START + timedelta(seconds=s), RequestRejected(400, 8523, "")) for s in (1, 9)]
    assert facts(rejected, 0.1) == facts(rejected[::-1], 0.1)
    assert [entry.at for entry in facts(rejected, 0.1).timeline] == [START + timedelta(seconds=1)]
