"""``ring``: the call is offered to agents, groups, numbers and Teams users until one of them accepts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from shared.calls.actions import OfferCall
from shared.calls.actions.routing import GROUP
from shared.calls.effect import Wanted
from shared.calls.plans import hold, offers
from shared.calls.plans.base import Exit, Prompt, Step, StepName, VisitContext
from shared.calls.plans.invitations import End, Invitation, Terms, arrived, begun, end_of, invitations, is_present
from shared.calls.plans.invitations import otherwise as end_otherwise
from shared.calls.plans.inviting import finish, invite, operations, release, release_all, release_at
from shared.calls.plans.targets import Target, raw_id_of

CONFIRM_PROMPT = Prompt(text="You have a call. Press 1 to accept it.")
CLAIM = 30  # seconds that a claim outlasts the ringing


class Wait(Struct, frozen=True, rename="camel", omit_defaults=True):
    """The caller waits for a free agent of the groups: for ``seconds`` at most, and hears ``meanwhile``. ``position``:
    every ``positionSeconds`` the caller hears this text, with ``{position}`` replaced.
    """

    seconds: Annotated[int, Meta(ge=10, le=7200)]
    position: Annotated[str, Meta(max_length=200)] = ""
    position_seconds: Annotated[int, Meta(ge=15, le=600)] = 60


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

    def prompts(self) -> Mapping[str, Prompt]:
        has_numbers = any(each.number for each in self.targets)
        given = {
            "meanwhile": self.meanwhile,
            "confirmPrompt": self.confirm_prompt if self.confirm and has_numbers else None,
        }
        return {name: prompt for name, prompt in given.items() if prompt}

    @property
    def terms(self) -> Terms:
        return Terms(timedelta(seconds=self.seconds), self.confirm)

    # -- Decisions --

    def choose(self, at: VisitContext) -> Mapping[str, str]:
        known = invitations(at.visit)
        open_ones = [each for each in known if each.is_open]
        if any(each.is_accepted for each in known) and not self.conference:
            return {f"end {each.target}": End.WITHDRAWN for each in open_ones}
        chosen = dict(begun(at, offers.claimed(at)))
        chosen |= dict(pair for each in open_ones for pair in arrived(at, each))
        return chosen | self._ends(at, open_ones)

    def _ends(self, at: VisitContext, open_ones: list[Invitation]) -> dict[str, str]:
        """Of those who accept at the same moment the one wins who was in the call first."""
        ends = {each: end for each in open_ones if (end := end_of(at, each, self.terms)) is not None}
        accepted = [each for each, end in ends.items() if end is End.ACCEPTED]
        accepted.sort(key=lambda each: (each.present_since, each.target))
        lost = [] if self.conference else accepted[1:]
        return {f"end {each.target}": End.WITHDRAWN if each in lost else end for each, end in ends.items()}

    def leave(self, at: VisitContext) -> Exit | None:
        known = invitations(at.visit)
        if any(each.is_open or (each.is_accepted and is_present(at, each.target)) for each in known):
            return None
        if any(each.is_accepted for each in known):
            return Exit(self.left, "the agent has left")
        return None if self._next_round(at) else self._unanswered(known)

    def _unanswered(self, known: list[Invitation]) -> Exit:
        ends = {each.end for each in known}
        if End.NO_ANSWER in ends:
            return Exit(self.no_answer or self.otherwise, "no answer")
        if End.DECLINED in ends:
            return Exit(self.declined or self.otherwise, "declined")
        return Exit(self.unavailable or self.otherwise, "no one was available")

    def _next_round(self, at: VisitContext) -> int | None:
        """The number of the offer that is needed now, if no invitation is open."""
        known = offers.rounds(at)
        if not known:
            return 1
        return len(known) + 1 if known[-1].targets and len(known) < offers.MOST_ROUNDS else None

    # -- Operations --

    def operations(self, at: VisitContext) -> Iterator[str]:
        yield from (offers.name(n) for n in range(1, len(offers.rounds(at)) + 2))
        yield from operations(self._targets_of(at))
        yield from hold.numbered(at, hold.MUSIC)

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
        yield from self._music(at, is_on=not is_accepted)

    def wanted_after(self, at: VisitContext) -> Iterator[Wanted]:
        yield from self._finish(at, invitations(at.visit), is_over=True)
        yield from self._music(at, is_on=False)

    def wanted_at_end(self, at: VisitContext) -> Iterator[Wanted]:
        return release_all(at, self._targets_of(at))

    def _finish(self, at: VisitContext, ended: list[Invitation], *, is_over: bool) -> Iterator[Wanted]:
        """What remains to be done for invitations that are over; and for claims that led to none, if the visit is."""
        for each in ended:
            yield from finish(at, each, self.terms)
        invited = {each.target for each in invitations(at.visit)}
        for target in offers.claimed(at) if is_over else ():
            if target not in invited:
                yield from release(at, target, "withdrawn")

    def _music(self, at: VisitContext, *, is_on: bool) -> Iterator[Wanted]:
        return hold.music(at, self.meanwhile.source, is_on=is_on) if self.meanwhile else iter(())

    def _offer(self, at: VisitContext, number: int) -> OfferCall:
        named = (f"{GROUP}{each.group}" if each.group else raw_id_of(at, each) for each in self.targets)
        return OfferCall(
            at.visit.name,
            number,
            tuple(each for each in named if each),
            self.order,
            self.seconds + CLAIM,
            excluded=tuple(sorted({*self._targets_of(at), *at.call.participants.present})),  # type: ignore[attr-defined]  # of its capability
        )

    # -- Time --

    def timers(self, at: VisitContext) -> Iterator[datetime]:
        for each in invitations(at.visit):
            if each.is_open:
                yield end_otherwise(at, each, self.terms)[0]

        yield from self.timers_after(at)

    def timers_after(self, at: VisitContext) -> Iterator[datetime]:
        moments = (release_at(at, each, self.terms) for each in invitations(at.visit))
        return (each for each in moments if each)
