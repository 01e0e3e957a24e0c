"""``play``: a prompt. ``menu``: a prompt and a choice by key or speech."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from shared.calls.actions import Choice, Play, Recognize
from shared.calls.effect import Wanted
from shared.calls.operations import OutcomeStatus
from shared.calls.plans.base import Exit, Key, Prompt, Seconds, Step, StepName, VisitContext

Phrase = Annotated[str, Meta(min_length=1, max_length=100)]
Phrases = Annotated[tuple[Phrase, ...], Meta(min_length=1, max_length=10)]


class PlayStep(Step, frozen=True, kw_only=True, tag="play"):
    """Play a prompt to everyone in the call, ``times`` times. One that cannot be played is passed over."""

    prompt: Prompt
    then: StepName
    times: Annotated[int, Meta(ge=1, le=20)] = 1

    takes_time: ClassVar[bool] = True

    def operations(self, at: VisitContext) -> tuple[str, ...]:  # noqa: ARG002
        return tuple(f"play {n}" for n in range(1, self.times + 1))

    def leave(self, at: VisitContext) -> Exit | None:
        outcomes = [at.outcome(each) for each in self.operations(at)]
        if None in outcomes:
            return None
        failed = any(each and each.status is OutcomeStatus.FAILED for each in outcomes)
        return Exit(self.then, "the prompt could not be played" if failed else "played")

    def wanted(self, at: VisitContext) -> Iterator[Wanted]:
        left = [each for each in self.operations(at) if at.outcome(each) is None]
        if left:
            yield at.wanted(left[0], Play("plan", self.prompt.source))


class MenuStep(Step, frozen=True, kw_only=True, tag="menu"):
    """Ask the caller for a choice: ``keys`` and the steps they lead to, ``phrases`` that can be said for each step.

    It is asked ``tries`` times, each with ``seconds`` to begin an answer. ``interruptible``: a key or speech ends the
    prompt, and belongs to the menu.
    """

    prompt: Prompt
    keys: dict[Key, StepName] = msgspec.field(default_factory=dict)
    phrases: dict[StepName, Phrases] = msgspec.field(default_factory=dict)
    tries: Annotated[int, Meta(ge=1, le=5)] = 3
    seconds: Seconds = 5
    interruptible: bool = True
    otherwise: StepName

    takes_time: ClassVar[bool] = True

    def exits(self) -> Mapping[str, str]:
        keys = {f"keys.{key}": to for key, to in self.keys.items()}
        return keys | {f"phrases.{to}": to for to in self.phrases} | {"otherwise": self.otherwise}

    def speech(self) -> Iterable[str]:
        return [*super().speech(), *(["phrases"] if self.phrases else [])]

    def operations(self, at: VisitContext) -> tuple[str, ...]:  # noqa: ARG002
        return tuple(f"try {n}" for n in range(1, self.tries + 1))

    def leave(self, at: VisitContext) -> Exit | None:
        for each in self.operations(at):
            outcome = at.outcome(each)
            if outcome is None:
                return None
            if chosen := self._chosen(at, each):
                return chosen
        return Exit(self.otherwise, f"no choice in {self.tries} tries" if self.tries > 1 else "no choice")

    def wanted(self, at: VisitContext) -> Iterator[Wanted]:
        left = [each for each in self.operations(at) if at.outcome(each) is None]
        if left and at.caller:
            yield at.wanted(left[0], self._recognition(at.caller))

    def _recognition(self, caller: str) -> Recognize:
        by_step = {to: key for key, to in reversed(self.keys.items())}
        choices = tuple(Choice(to, said, by_step.get(to, "")) for to, said in self.phrases.items())
        return Recognize(
            caller,
            "choices" if choices else "keys",
            source=self.prompt.source,
            interruptible=self.interruptible,
            initial_silence_seconds=self.seconds,
            choices=choices,
        )

    def _chosen(self, at: VisitContext, operation: str) -> Exit | None:
        found = at.recognized(operation)
        if found is None:
            return None
        if found.choice in self.phrases:
            return Exit(found.choice, "said" if found.phrase else "pressed")
        to = self.keys.get(found.keys or "")
        return Exit(to, f"pressed {found.keys}") if to else None
