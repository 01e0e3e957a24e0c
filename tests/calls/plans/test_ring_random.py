"""Callees who act at random, and an ACS whose events come late, twice and in any order: what holds in every call."""

from __future__ import annotations

import heapq
import random
from itertools import count
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from shared.calls.actions import (
    AddParticipant,
    AnyAction,
    CancelInvitation,
    CancelMedia,
    HangUp,
    OfferCall,
    Play,
    Recognize,
    ReleaseAgent,
    RemoveParticipant,
)
from shared.calls.capabilities import next_timer_at
from shared.calls.capabilities.participants import ParticipantInvited
from shared.calls.capabilities.routing import CallOffered
from shared.calls.effect import Effect
from shared.calls.event import ActionPerformed, Event, own
from shared.calls.plans.invitations import End, ends_of
from tests.calls.driver import at, timer
from tests.calls.plans.driver import PlannedCall
from tests.calls.plans.ringing import CALLER, DECLINED, NUMBER, ONE, RUNG_OUT, THREE, TWO, plan
from tests.golden import START, event

AGENTS = (ONE, TWO, THREE)
TARGETS = (*AGENTS, NUMBER)
ACTS = ("accepts", "accepts", "declines", "rings out", "is silent", "declines, reported as added", "ignores the end")


class Acs:
    """ACS and the storage of agents, as far as one call shows them. ``chance`` decides everything."""

    def __init__(self, chance: random.Random, call: PlannedCall) -> None:
        self.chance, self.call, self.ids = chance, call, count()
        self.coming: list[tuple[float, int, Any]] = []  # events and what happens at ACS, by time
        self.people, self.ringing = [CALLER], dict[str, str]()  # operation contexts by raw id
        self.invitations = dict[str, str]()  # raw ids by id of the invitation
        self.requested: list[tuple[str, AnyAction]] = []  # with the ids of their effects
        self.number, self.now, self.is_over = 0, 1.0, False
        self.media: str | None = None

    # -- Time --

    def later(self, delay: float, what: Any) -> None:
        heapq.heappush(self.coming, (self.now + delay, next(self.ids), what))

    def says(self, said: Event) -> None:
        """The event is delivered, perhaps twice."""
        for _ in range(self.chance.choice((1, 1, 2))):
            self.later(self.chance.choice((0.0, 0.1, 1.0, 3.0)), said)

    def reports(self, name: str, **data: Any) -> None:
        self.says(event(name, self.now, f"{name} {next(self.ids)}", **data))

    def run(self, until: float) -> None:
        while self.coming and self.coming[0][0] <= until:
            self.now, _, what = heapq.heappop(self.coming)
            self._receive(what) if isinstance(what, Event) else what()

    def _receive(self, said: Event) -> None:
        self.call.receive(said, self.now)
        for effect in self.call.effects:
            self.requested.append((effect.id, effect.action))
            self._carry_out(effect)
        due = next_timer_at(self.call.call)
        if due is not None:
            moment = max((due - START).total_seconds(), self.now)
            self.later(moment - self.now + 0.01, timer(moment + 0.01))

    # -- Requests --

    def _carry_out(self, effect: Effect) -> None:
        data = ActionPerformed(effect.id, effect.action)
        match effect.action:
            case OfferCall() as offer:
                free = [each for each in TARGETS if each not in offer.excluded]
                claimed = free if offer.claims_all else free[:1]
                data = CallOffered(effect_id=effect.id, action=offer, targets=tuple(claimed))
            case AddParticipant(target=target) as add:
                data = ParticipantInvited(effect_id=effect.id, action=add, invitation_id=f"i {target}")
                self._rings(target, effect.id)
            case CancelInvitation(operation=operation):
                self._cancel(operation, effect.id)
            case RemoveParticipant(target=target):
                self._remove(target, effect.id)
            case Recognize(target=target):
                self.media = effect.id
                self.later(self.chance.choice((1.0, 8.0)), lambda: self._presses(target, effect.id))
            case Play():
                self.media = effect.id
                self.reports("play_started", operationContext=effect.id)
            case CancelMedia(operation=operation):
                self.reports("play_canceled", operationContext=operation)
            case HangUp():
                self._end()
        if self.chance.random() < 0.95:  # the response can be lost
            self.says(own(f"{effect.id}/done", at(self.now), data))

    def _rings(self, target: str, context: str) -> None:
        if target in self.ringing:  # the same request again
            return
        self.ringing[target] = context
        act, delay = self.chance.choice(ACTS), self.chance.choice((1.0, 1.2, 5.0, 19.0, 21.0))
        self.later(delay, lambda: self._acts(target, act))

    def _acts(self, target: str, act: str) -> None:
        context = self.ringing.get(target, "")
        if self.is_over or not context:
            return
        self.ringing[target] = ""
        match act:
            case "accepts" | "ignores the end":
                self._joins(target, context)
            case "declines, reported as added":
                self.reports("add_participant_succeeded", operationContext=context)
            case "declines" | "rings out":
                codes = DECLINED if act == "declines" else RUNG_OUT
                result = {"code": codes[0], "subCode": codes[1], "message": ""}
                self.reports("add_participant_failed", operationContext=context, resultInformation=result)

    def _joins(self, target: str, context: str) -> None:
        self.reports("add_participant_succeeded", operationContext=context)
        self.people.append(target)
        self._updated()
        if self.chance.random() < 0.7:
            self.later(self.chance.choice((1.0, 30.0, 90.0)), lambda: self._leaves(target))

    def _leaves(self, target: str) -> None:
        if target in self.people and not self.is_over:
            self.people.remove(target)
            self._updated()

    def _cancel(self, operation: str, context: str) -> None:
        target = next((each for each, ringing in self.ringing.items() if ringing == operation), None)
        name = "cancel_add_participant_failed"
        if target is not None and self.chance.random() < 0.8:
            self.ringing[target], name = "", "cancel_add_participant_succeeded"
        self.reports(name, operationContext=context)

    def _remove(self, target: str, context: str) -> None:
        name = "remove_participant_succeeded" if target in self.people else "remove_participant_failed"
        self._leaves(target)
        self.reports(name, operationContext=context)

    def _presses(self, target: str, context: str) -> None:
        if target in self.people and self.chance.random() < 0.6:
            self.reports("recognize_keys", operationContext=context, dtmfResult={"tones": ["one"]})
        else:
            self.reports("recognize_failed", operationContext=context)

    def _updated(self) -> None:
        self.number += 1
        people = [{"identifier": {"rawId": each}, "isMuted": False, "isOnHold": False} for each in self.people]
        self.reports("participants_updated", sequenceNumber=self.number, participants=people)

    def hangs_up(self) -> None:
        self._leaves(CALLER)

    def _end(self) -> None:
        if not self.is_over:
            self.is_over, self.people = True, []
            self.reports("call_disconnected")

    # -- What was requested --

    def contexts(self, kind: type[AnyAction]) -> dict[str, Any]:
        return {id: action for id, action in self.requested if isinstance(action, kind)}


RING = st.fixed_dictionaries(
    {"order": st.sampled_from(["all", "inTurn"]), "conference": st.booleans(), "confirm": st.booleans()}
)
GOODBYE = {"type": "play", "prompt": {"file": "https://audio.example/goodbye.wav"}, "then": "bye"}


@settings(
    max_examples=150, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)  # shrinking takes minutes
@given(seed=st.integers(0, 10**6), ring=RING, caller_leaves_at=st.sampled_from([None, 1.5, 6.0, 20.0]))
def test_no_two_agents_and_nothing_twice(seed: int, ring: dict[str, Any], caller_leaves_at: float | None) -> None:
    steps = plan(**ring, meanwhile={"file": "https://audio.example/hold.wav"})
    steps |= {name: GOODBYE for name in steps if name != "sales"}  # the call goes on after the ringing
    call = PlannedCall(steps | {"bye": {"type": "hangUp"}})
    acs = Acs(random.Random(seed), call)  # noqa: S311
    acs._updated()
    acs.later(0, event("call_connected", 1))
    if caller_leaves_at is not None:
        acs.later(caller_leaves_at, acs.hangs_up)
    acs.run(400)

    invited = [action.target for action in acs.contexts(AddParticipant).values()]
    assert len(invited) == len(set(invited)), "invited twice"
    (visit, *_) = call.call.routing.visits
    accepted = [target for target, end, _ in ends_of(visit.choices) if end is End.ACCEPTED]
    assert ring["conference"] or len(accepted) <= 1, "two agents"
    assert acs.is_over or set(acs.people) - {CALLER} <= set(accepted), "someone was not removed"
    assert caller_leaves_at is None or acs.is_over, "the call goes on without its caller"
    released = [action.agent for action in acs.contexts(ReleaseAgent).values()]
    assert len(released) == len(set(released)), "released twice"
    claimed = {each for offer in call.call.routing.offers.values() for each in offer.targets} & set(AGENTS)
    assert set(released) == claimed - (set() if acs.is_over else set(accepted) & set(acs.people)), "not released"
