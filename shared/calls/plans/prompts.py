"""``play``: a prompt. ``menu``: a prompt and a choice by key or speech."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from shared.calls.actions import Choice, Play, Recognize
from shared.calls.effect import Wanted
from shared.calls.operations import OutcomeStatus
from shared.calls.plans.base import Exit, Key, Prompt, Seconds, Step, StepName, VisitContext
from shared.calls.plans.callers import CALLER_UNKNOWN, caller_is_missing, caller_timers

MARGIN = 30  # seconds after its limit until the end of a prompt is considered lost

Phrase = Annotated[str, Meta(min_length=1, max_length=100)]
Phrases = Annotated[tuple[Phrase, ...], Meta(min_length=1, max_length=10)]


class PlayStep(Step, frozen=True, kw_only=True, tag="play"):
    """Play a prompt to everyone in the call, ``times`` times, each for ``seconds`` at most. One that cannot be played
    is passed over.
    """

    prompt: Prompt
    then: StepName
    times: Annotated[int, Meta(ge=1, le=20)] = 1
    seconds: Annotated[int, Meta(ge=1, le=1800)] = 90

    takes_time: ClassVar[bool] = True

    def operations(self, at: VisitContext) -> tuple[str, ...]:  # noqa: ARG002
        return tuple(f"play {n}" for n in range(1, self.times + 1))

    def leave(self, at: VisitContext) -> Exit | None:
        outcomes = [at.outcome(each) for each in self.operations(at)]
        if None in outcomes:
            return None
        found = {each.status for each in outcomes if each}
        if OutcomeStatus.FAILED in found:
            return Exit(self.then, "the prompt could not be played")
        return Exit(self.then, "the prompt was cut off" if OutcomeStatus.CANCELED in found else "played")

    def wanted(self, at: VisitContext) -> Iterator[Wanted]:
        left = [each for each in self.operations(at) if at.outcome(each) is None]
        if left:
            yield at.wanted(left[0], Play("plan", self.prompt.source, seconds=self.seconds + MARGIN))
        if any(at.time >= moment for moment in self._ends(at)):
            yield from at.cancellations(left[:1])

    def _ends(self, at: VisitContext) -> Iterator[datetime]:
        """When the prompt that plays has had its time."""
        for effect in filter(None, map(at.effect, self.operations(at))):
            if effect.performed:
                yield effect.due - timedelta(seconds=MARGIN)

    def timers(self, at: VisitContext) -> Iterator[datetime]:
        canceled = {effect.action.cancels for effect in at.call.effects}
        if not any(at.context(each) in canceled for each in self.operations(at)):
            yield from self._ends(at)

    def wanted_after(self, at: VisitContext) -> Iterator[Wanted]:
        yield from at.cancellations(self.operations(at))


class MenuStep(Step, frozen=True, kw_only=True, tag="menu"):
    """Ask the caller for a choice: ``keys`` and the steps they lead to, ``phrases`` that can be said for each step.

    It is asked ``tries`` times, each with ``seconds`` to begin an answer. ``interruptible``: a key or speech ends the
    prompt, and belongs to the menu; a key before it belongs to no step. With ``phrases``, ACS listens for the keys of
    the choices alone, one for each (azure-docs,
    ``communication-services/how-tos/call-automation/recognize-action.md``).
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

    def problems(self) -> Mapping[str, str]:
        if not self.keys and not self.phrases:
            return {"keys": "a menu needs keys or phrases"}
        return dict(self._repeated_phrases()) | (dict(self._deaf_keys()) if self.phrases else {})

    def _repeated_phrases(self) -> Iterator[tuple[str, str]]:
        known: dict[str, str] = {}
        for to, phrases in self.phrases.items():
            for phrase in {each.strip().lower() for each in phrases}:
                if known.setdefault(phrase, to) != to:
                    yield f"phrases.{to}", f"a phrase stands for {known[phrase]} too"

    def _deaf_keys(self) -> Iterator[tuple[str, str]]:
        """Keys that a menu with phrases does not hear."""
        known: dict[str, str] = {}
        for key, to in self.keys.items():
            if to not in self.phrases:
                yield f"keys.{key}", f"in a menu with phrases a step with a key needs phrases too: {to} has none"
            elif known.setdefault(to, key) != key:
                yield f"keys.{key}", f"in a menu with phrases a step has one key: {to} has {known[to]}"

    def operations(self, at: VisitContext) -> tuple[str, ...]:  # noqa: ARG002
        return tuple(f"try {n}" for n in range(1, self.tries + 1))

    def leave(self, at: VisitContext) -> Exit | None:
        if caller_is_missing(at, self.operations(at)):
            return Exit(self.otherwise, CALLER_UNKNOWN)
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

    def wanted_after(self, at: VisitContext) -> Iterator[Wanted]:
        yield from at.cancellations(self.operations(at))

    def timers(self, at: VisitContext) -> Iterator[datetime]:
        yield from caller_timers(at, self.operations(at))

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
