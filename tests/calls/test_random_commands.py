"""Random commands, and an ACS that accepts, refuses, answers late or repeats itself: what holds in every call."""

from __future__ import annotations

import random
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace

from shared.calls.actions import (
    AddParticipant,
    AnyAction,
    CancelInvitation,
    CancelMedia,
    Consult,
    EndConsult,
    FetchCallState,
    HangUp,
    Music,
    MuteParticipant,
    Play,
    Recognize,
    RemoveParticipant,
    SendDtmf,
)
from shared.calls.capabilities import command_outcome, next_check_at, reduce
from shared.calls.capabilities.lifecycle import CallStateFetched
from shared.calls.capabilities.participants import ParticipantInvited
from shared.calls.effect import Effect
from shared.calls.event import ActionFailed, ActionPerformed, Event, OperationRequested, own
from shared.calls.policy import CallPolicy
from shared.calls.state import CallState
from shared.service.allowed import refusal
from tests.calls.driver import CallDriver, at, connected, timer
from tests.calls.test_order import facts
from tests.golden import event

CALLER, FIRST = "4:+12065551212", "8:acs:r_t_a"
COLLEAGUES = ("8:acs:r_t_b", "8:acs:r_t_c")
MUSIC = "https://contoso.example/hold.wav"


class Acs:
    """ACS, as far as one call shows it: one queue of media, the participants, and its events, which are delivered some
    seconds later, in any order, and now and then twice.
    """

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.ids = chance, count()
        self.media: list[tuple[str, Play | Recognize]] = []
        self.accepted_media, self.repeated = set[str](), set[str]()
        self.present, self.ringing = [CALLER, FIRST], dict[str, str]()
        self.coming: list[tuple[float, Event]] = []
        self.delivered: list[Event] = []
        self.number = 1

    def says(self, name: str, now: float, delay: float = 0.1, **data: Any) -> None:
        said = event(name, now + delay, f"{name} {next(self.ids)}", **data)
        for _ in range(self.chance.choice((1, 1, 1, 2))):
            self.coming.append((now + delay + self.chance.uniform(0, 2), said))

    def shows_participants(self, now: float) -> None:
        self.number += 1
        held = {t for _, a in self.media[:1] if isinstance(a, Play) and len(a.targets) == 1 for t in a.targets}
        people = [{"identifier": {"rawId": each}, "isOnHold": each in held} for each in self.present]
        self.says("participants_updated", now, 0.2, sequenceNumber=self.number, participants=people)

    def due(self, now: float) -> list[Event]:
        due = sorted((each for each in self.coming if each[0] <= now), key=lambda each: each[0])
        self.coming = [each for each in self.coming if each[0] > now]
        return [each[1] for each in due]

    def gets(self, effect: Effect, now: float) -> None:
        """A request: it is refused, accepted, or accepted without the app learning of it."""
        codes = ((503, 0), (429, 8516), (400, 8523))
        code, sub_code = self.chance.choice(codes[:2] if effect.action.cancels else codes)
        failed = ActionFailed(effect.id, effect.action, code, sub_code, "")
        if self.chance.random() < 0.03:
            return  # the invocation dies before it sends anything
        if self.chance.random() < 0.15:
            self.coming.append((now, own(f"{effect.id}/failed/{effect.tries}", at(now), failed)))
            return
        self.accepts(effect, now)
        performed: Any = ActionPerformed(effect.id, effect.action)
        if isinstance(effect.action, AddParticipant):
            performed = ParticipantInvited(effect.id, effect.action, invitation_id="i")
        if isinstance(effect.action, FetchCallState):
            performed = CallStateFetched("connected")
        if self.chance.random() < 0.9:
            said = own(
                f"{effect.id}/done{now if isinstance(effect.action, FetchCallState) else ''}", at(now), performed
            )
            self.coming.append((now + self.chance.uniform(0, 0.5), said))

    def accepts(self, effect: Effect, now: float) -> None:
        match effect.action:
            case Play() | Recognize() as action:
                assert {id for id, _ in self.media} <= {effect.id} | self.repeated, "two operations of media at ACS"
                self.repeated |= {effect.id} & self.accepted_media  # its first response was lost
                self.accepted_media.add(effect.id)
                self.media.append((effect.id, action))
                if isinstance(action, Play):
                    self.says("play_started", now, operationContext=effect.id)
                self.shows_participants(now)
            case CancelMedia():
                self.ends_media(now, "play_canceled", "recognize_canceled")
            case AddParticipant(target=target):
                self.ringing[effect.id] = target
            case CancelInvitation(operation=operation):
                name = "succeeded" if self.ringing.pop(operation, None) else "failed"
                self.says(f"cancel_add_participant_{name}", now, operationContext=effect.id)
            case RemoveParticipant(target=target):
                self.leaves(target, now)
                self.says("remove_participant_succeeded", now, operationContext=effect.id)
            case SendDtmf():
                self.says("send_dtmf_completed", now, operationContext=effect.id)
            case HangUp():
                self.says("call_disconnected", now)

    def leaves(self, raw_id: str, now: float) -> None:
        self.present = [each for each in self.present if each != raw_id]
        self.shows_participants(now)

    def ends_media(self, now: float, play: str, recognition: str) -> None:
        for id, action in self.media:
            self.says(play if isinstance(action, Play) else recognition, now, operationContext=id)
        self.media = []
        self.shows_participants(now)

    def goes_on(self, now: float) -> None:
        """Prompts end, invitations are answered, participants leave."""
        if self.media and not getattr(self.media[0][1], "loop", False) and self.chance.random() < 0.5:
            self.ends_media(
                now, *self.chance.choice((("play_completed", "recognize_keys"), ("play_failed", "recognize_failed")))
            )
        for id, target in list(self.ringing.items()):
            if self.chance.random() < 0.4:
                del self.ringing[id]
                joins = self.chance.random() < 0.7
                self.present += [target] if joins and target not in self.present else []
                name = "succeeded" if joins else "failed"
                self.says(f"add_participant_{name}", now, operationContext=id)
                self.shows_participants(now)
        if len(self.present) > 2 and self.chance.random() < 0.03:
            self.leaves(self.chance.choice(self.present), now)


class Scene:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        self.acs, self.now = Acs(self.chance), 2.0
        self.driver: CallDriver = connected(CallPolicy(record=False))
        self.commands: list[tuple[str, AnyAction]] = []
        self.acs.shows_participants(self.now)

    @property
    def call(self) -> Any:
        return self.driver.call

    def folds(self, said: Event) -> None:
        was_over = self.call.state.is_settled
        self.driver.call, leased = reduce(self.call, said, at(self.now))
        assert not (was_over and leased), f"{leased} after the end"
        if "timer" not in said.id:
            self.acs.delivered.append(said)
        for effect in leased:
            self.acs.gets(effect, self.now)

    def passes(self, seconds: float) -> None:
        self.now += seconds
        self.acs.goes_on(self.now)
        for said in self.acs.due(self.now):
            self.folds(said)
        check = next_check_at(self.call)
        if check is not None and check <= at(self.now):
            self.folds(timer(self.now))

    def commands_at_random(self) -> None:
        id, chance = f"command {len(self.commands)}", self.chance
        media = [i for i, a in self.commands if isinstance(a, Play | Music | Recognize)]
        added = [i for i, a in self.commands if isinstance(a, AddParticipant)]
        consults = [i for i, a in self.commands if isinstance(a, Consult)]
        who = chance.choice((CALLER, FIRST, *COLLEAGUES))
        actions: list[AnyAction] = [
            Play("command", "Hello"),
            Play("command", "Hello", (who,)),
            Music(MUSIC),
            Recognize(CALLER, "keys"),
            AddParticipant(who),
            RemoveParticipant(who),
            SendDtmf(who, "1"),
            MuteParticipant(who),
            *([Consult(chance.choice(COLLEAGUES), CALLER, MUSIC)] * 4),
            *([CancelMedia(chance.choice(media))] * 3 if media else []),
            *([CancelInvitation(chance.choice(added))] * 3 if added else []),
            *([EndConsult(chance.choice(consults), chance.choice(("join", "swap", "drop")))] * 4 if consults else []),
            *([HangUp()] if chance.random() < 0.2 else []),
        ]
        self.commands_one(id, chance.choice(actions))

    def commands_one(self, id: str, action: AnyAction) -> None:
        is_raced = self.chance.random() < 0.1  # another instance has read the row before the last command
        if self.call.state is CallState.CONNECTED and (is_raced or refusal(self.call, action) is None):
            self.commands.append((id, action))
            self.folds(own(id, at(self.now), OperationRequested(action, "user u")))

    def plays(self) -> None:
        for _ in range(self.chance.randint(5, 40)):
            if self.chance.random() < 0.4:
                self.commands_at_random()
            self.passes(self.chance.choice((0.1, 0.5, 2.0, 7.0)))

    def comes_to_rest(self) -> None:
        """Everything that goes on is ended, and time passes."""
        for id, action in list(self.commands):
            if isinstance(action, Music):
                self.commands_one(f"end {id}", CancelMedia(id))
            if isinstance(action, Consult):
                self.commands_one(f"end {id}", EndConsult(id, "drop"))
        for seconds in [1.0] * 60 + [20.0] * 60:
            self.passes(seconds)

    def explained(self, id: str) -> str:
        return f"{id} {dict(self.commands)[id]}: {command_outcome(self.call, id)}; open: {self.driver.open}"


@pytest.mark.parametrize("seed", range(60))
def test_a_call_of_random_commands(seed: int) -> None:
    scene = Scene(seed)
    scene.plays()
    scene.comes_to_rest()
    if not scene.call.state.is_settled:
        for id, _ in scene.commands:
            outcome = command_outcome(scene.call, id)
            assert outcome is not None, scene.explained(id)
            assert outcome.is_final, scene.explained(id)
    assert [each for each in scene.driver.open if not isinstance(each, FetchCallState)] == []
    events, shuffled = scene.acs.delivered, list(scene.acs.delivered)
    scene.chance.shuffle(shuffled)
    once, again = facts(events, 0.1), facts(shuffled, 60)
    again = replace(again, consult=once.consult)  # that music does not isolate follows from the time
    assert {n: getattr(again, n) for n in once.__struct_fields__ if getattr(again, n) != getattr(once, n)} == {}
