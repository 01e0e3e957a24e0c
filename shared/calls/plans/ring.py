"""``ring``: the call is offered to agents, groups, numbers and Teams users until one of them accepts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from shared.calls.actions import OfferCall, StopWaiting
from shared.calls.actions.routing import GROUP
from shared.calls.effect import Wanted
from shared.calls.identities import described
from shared.calls.plans import hold, offers
from shared.calls.plans.base import Exit, Prompt, Step, StepName, VisitContext
from shared.calls.plans.invitations import (
    End,
    Invitation,
    Terms,
    arrived,
    begun,
    end_choice,
    end_of,
    ends_of,
    invitations,
    is_present,
)
from shared.calls.plans.invitations import otherwise as end_otherwise
from shared.calls.plans.inviting import finish, invite, operations, release, release_all, release_at
from shared.calls.plans.targets import Target, raw_id_of
from shared.calls.plans.waiting import POSITION, Wait

CONFIRM_PROMPT = Prompt(text="You have a call. Press 1 to accept it.")
CLAIM = 30  # seconds that a claim outlasts the ringing
STOP = "stop waiting"
WORDS = {
    End.ACCEPTED: "accepted",
    End.DECLINED: "declined",
    End.NO_ANSWER: "no answer",
    End.FAILED: "could not be invited",
    End.WITHDRAWN: "no longer invited",
}


class RingStep(Step, frozen=True, kw_only=True, tag="ring"):
    """Offer the call to the targets, each for ``seconds``.

    ``order``: all at once, in turn, or the agent who has been idle longest first. ``meanwhile``: what the caller hears.
    ``confirm``: a number has accepted only once it has pressed 1 after ``confirmPrompt``, so that no voicemail wins.
    The number is in the call by then, so the caller can hear it: keep the prompt short.
    ``conference``: everyone who accepts stays. ``left``: where the call goes on when the agent leaves; otherwise
    ``declined``, ``noAnswer``, ``unavailable`` (each ``otherwise`` unless given).
    """

    targets: Annotated[tuple[Target, ...], Meta(min_length=1, max_length=20)]
    order: Literal["all", "inTurn", "longestIdle"] = "longestIdle"
    seconds: Annotated[int, Meta(ge=5, le=120)] = 25
    meanwhile: Prompt | None = None
    confirm: bool = True
    confirm_prompt: Prompt = CONFIRM_PROMPT
    conference: bool = False
    wait: Wait | None = None
    left: StepName
    otherwise: StepName
    declined: StepName | None = None
    no_answer: StepName | None = None
    unavailable: StepName | None = None

    takes_time: ClassVar[bool] = True

    def exits(self) -> Mapping[str, str]:
        given = {
            "left": self.left,
            "otherwise": self.otherwise,
            "declined": self.declined,
            "noAnswer": self.no_answer,
            "unavailable": self.unavailable,
        }
        return {name: to for name, to in given.items() if to}

    def targets_by_path(self) -> Mapping[str, Target]:
        return {f"targets.{n}": target for n, target in enumerate(self.targets)}

    def prompts(self) -> Mapping[str, Prompt]:
        has_numbers = any(each.number for each in self.targets)
        given = {
            "meanwhile": self.meanwhile,
            "confirmPrompt": self.confirm_prompt if self.confirm and has_numbers else None,
            "wait.position": Prompt(text=self.wait.position) if self.wait and self.wait.position else None,
        }
        return {name: prompt for name, prompt in given.items() if prompt}

    @property
    def terms(self) -> Terms:
        return Terms(timedelta(seconds=self.seconds), self.confirm)

    @property
    def heeds_timers(self) -> bool:
        return self.wait is not None

    def note(self, at: VisitContext) -> str:
        silent = not self.meanwhile and not at.routing.hold_music
        return "the caller hears nothing while it rings: meanwhile and HOLD_MUSIC are empty" if silent else ""

    def describe(self, choices: Mapping[str, str]) -> Iterator[tuple[datetime, str]]:
        for target, end, moment in ends_of(choices):
            yield moment, f"{described(target)}: {WORDS[end]}"

    # -- Decisions --

    def choose(self, at: VisitContext) -> Mapping[str, str]:
        known = invitations(at.visit)
        open_ones = [each for each in known if each.is_open]
        if any(each.is_accepted for each in known) and not self.conference:
            return dict(end_choice(at, each.target, End.WITHDRAWN) for each in open_ones)
        chosen = dict(begun(at, offers.claimed(at)))
        chosen |= dict(pair for each in open_ones for pair in arrived(at, each))
        return chosen | self._ends(at, open_ones)

    def _ends(self, at: VisitContext, open_ones: list[Invitation]) -> dict[str, str]:
        """Of those who accept at the same moment the one wins who was in the call first."""
        ends = {each: end for each in open_ones if (end := end_of(at, each, self.terms)) is not None}
        accepted = [each for each, end in ends.items() if end is End.ACCEPTED]
        accepted.sort(key=lambda each: (each.present_since, each.target))
        lost = [] if self.conference else accepted[1:]
        return dict(end_choice(at, each.target, End.WITHDRAWN if each in lost else end) for each, end in ends.items())

    def leave(self, at: VisitContext) -> Exit | None:
        known = invitations(at.visit)
        if any(each.is_open or (each.is_accepted and is_present(at, each.target)) for each in known):
            return None
        if any(each.is_accepted for each in known):
            return Exit(self.left, "the agent has left")
        if self._next_round(at) or (self.wait and self.wait.goes_on(at)):
            return None
        return self._unanswered(at, known)

    def _unanswered(self, at: VisitContext, known: list[Invitation]) -> Exit:
        ends = {each.end for each in known}
        if self.wait:
            return Exit(self.unavailable or self.otherwise, "waited too long")
        if End.NO_ANSWER in ends:
            return Exit(self.no_answer or self.otherwise, "no answer")
        if End.DECLINED in ends:
            return Exit(self.declined or self.otherwise, "declined")
        failed = offers.rounds(at)[-1].failed
        return Exit(self.unavailable or self.otherwise, "no offer could be made" if failed else "no one was available")

    def _next_round(self, at: VisitContext) -> int | None:
        """The number of the offer that is needed now, if no invitation is open."""
        known = offers.rounds(at)
        last, following = known[-1] if known else None, len(known) + 1
        if last is None:
            return following
        if last.targets:
            is_last = self.order == "all" and not self.wait
            return following if not is_last and len(known) < offers.MOST_ROUNDS else None
        return following if self.wait and self.wait.repeats(at, last) else None

    # -- Operations --

    def operations(self, at: VisitContext) -> Iterator[str]:
        yield from (offers.name(n) for n in range(1, len(offers.rounds(at)) + 2))
        yield from operations(self._targets_of(at))
        yield from hold.numbered(at, hold.MUSIC)
        yield from (*hold.numbered(at, POSITION), STOP) if self.wait else ()

    def _targets_of(self, at: VisitContext) -> list[str]:
        return list(dict.fromkeys((*offers.claimed(at), *(each.target for each in invitations(at.visit)))))

    def wanted(self, at: VisitContext) -> Iterator[Wanted]:
        known = invitations(at.visit)
        open_ones, is_accepted = [each for each in known if each.is_open], any(each.is_accepted for each in known)
        for each in open_ones:
            yield from invite(at, each, self.terms, self.confirm_prompt.source)
        if not open_ones and not is_accepted and (number := self._next_round(at)):
            yield at.wanted(offers.name(number), self._offer(at, number))
        yield from self._finish(at, [each for each in known if not each.is_open], is_over=is_accepted)
        yield from self._audio(at, is_on=not is_accepted, waits=not open_ones and not is_accepted)

    def wanted_after(self, at: VisitContext) -> Iterator[Wanted]:
        yield from self._finish(at, invitations(at.visit), is_over=True)
        yield from self._audio(at, is_on=False, waits=False)

    def wanted_at_end(self, at: VisitContext) -> Iterator[Wanted]:
        yield from release_all(at, self._targets_of(at))
        yield from self._stop_waiting(at)

    def _finish(self, at: VisitContext, ended: list[Invitation], *, is_over: bool) -> Iterator[Wanted]:
        """What remains to be done for invitations that are over; and for claims that led to none, if the visit is."""
        for each in ended:
            yield from finish(at, each, self.terms)
        invited = {each.target for each in invitations(at.visit)}
        for target in offers.claimed(at) if is_over else ():
            if target not in invited:
                yield from release(at, target, "withdrawn")
        if is_over:
            yield from self._stop_waiting(at)

    def _audio(self, at: VisitContext, *, is_on: bool, waits: bool) -> Iterator[Wanted]:
        source = self.meanwhile.source if self.meanwhile else at.routing.hold_music
        if source:
            yield from hold.music(at, source, is_on=is_on)
        if self.wait:
            yield from self.wait.announcement(at, waits=waits)

    def _stop_waiting(self, at: VisitContext) -> Iterator[Wanted]:
        groups = tuple(each.group for each in self.targets if each.group)
        if self.wait and groups and at.outcome(STOP) is None:
            yield at.wanted(STOP, StopWaiting(groups))

    def _offer(self, at: VisitContext, number: int) -> OfferCall:
        named = (f"{GROUP}{each.group}" if each.group else raw_id_of(at, each) for each in self.targets)
        people = {*at.call.participants.present, *([at.caller] if at.caller else ())}  # type: ignore[attr-defined]  # of its capability
        return OfferCall(
            at.visit.name,
            number,
            tuple(each for each in named if each),
            self.order,
            self.seconds + CLAIM,
            excluded=tuple(sorted({*self._targets_of(at), *people})),
            waits=self.wait is not None and self.wait.goes_on(at),
        )

    # -- Time --

    def timers(self, at: VisitContext) -> Iterator[datetime]:
        known = invitations(at.visit)
        yield from (end_otherwise(at, each, self.terms)[0] for each in known if each.is_open)
        if self.wait and not any(each.is_open or each.is_accepted for each in known):
            yield from self.wait.timers(at)
        yield from self.timers_after(at)

    def timers_after(self, at: VisitContext) -> Iterator[datetime]:
        moments = (release_at(at, each, self.terms) for each in invitations(at.visit))
        return (each for each in moments if each)
