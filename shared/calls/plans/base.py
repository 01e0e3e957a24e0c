"""Steps of routing plans, and the visits of a call to them.

A step is plain data, as it stands in the document. Its behaviour is computed from the call: ``wanted`` are the
operations that a visit needs now, ``leave`` is where the call goes on once they have an outcome. Both are pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from shared.calls.actions import AnyAction
from shared.calls.call import BaseCall
from shared.calls.effect import Effect, Wanted, effect_id
from shared.calls.operations import Outcome
from shared.calls.presence import caller_of
from shared.calls.queues import interruption

LONGEST_SOURCE = 1000  # characters, as in the API
CALLER_LEFT = "the caller has left"  # the reason for which a plan ends at every step

StepName = Annotated[str, Meta(pattern="^[A-Za-z][A-Za-z0-9_-]{0,39}$", description="the name of a step of the plan")]
Key = Annotated[str, Meta(pattern="^[0-9*#A-D]$")]
Seconds = Annotated[int, Meta(ge=1, le=300)]

_FILE = re.compile(r"(https://|http://(localhost|127(\.[0-9]+){3}|\[::1\])(:[0-9]+)?/)[!-~]+")


class Prompt(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Audio: exactly one of ``text`` to speak, ``ssml``, and the URL of a ``file``."""

    text: Annotated[str, Meta(max_length=LONGEST_SOURCE)] = ""
    ssml: Annotated[str, Meta(max_length=LONGEST_SOURCE)] = ""
    file: Annotated[str, Meta(max_length=LONGEST_SOURCE)] = ""

    @property
    def source(self) -> str:
        """As the action ``Play`` takes it."""
        return self.file or self.ssml or self.text.strip()

    @property
    def is_speech(self) -> bool:
        return not self.file

    def problems(self) -> Mapping[str, str]:
        """The errors of its fields by themselves, by the path of the field."""
        if sum(bool(each.strip()) for each in (self.text, self.ssml, self.file)) != 1:
            return {"": "exactly one of text, ssml and file is needed"}
        if self.file and not _FILE.fullmatch(self.file):
            return {"file": "must be an https:// URL (or, on this machine, http://)"}
        if self.ssml and not self.ssml.startswith("<speak"):
            return {"ssml": "must begin with <speak"}
        if self.text.strip().startswith(("http://", "https://", "<speak")):
            return {"text": "a URL or SSML is no text to speak: name it in file or ssml"}
        return {}


class Visit(Struct, frozen=True, omit_defaults=True):
    """A stay of the call at a step; ``number`` counts those at the same step.

    Decisions are never revised, whatever the platform reports later: ``choices`` during the visit, and where the call
    went on (``to``; None when the plan ends there), with the reason.
    """

    step: str
    number: int
    begun_at: datetime
    choices: dict[str, str] = {}
    left_at: datetime | None = None
    to: str | None = None
    reason: str = ""

    @property
    def name(self) -> str:
        """``menu.1``: in the timeline, in events, and in paths of the API."""
        return f"{self.step}.{self.number}"


class Exit(Struct, frozen=True):
    """A step is left: for the step ``to``, or None at the end of the plan. ``reason`` is for the timeline: it has no
    numbers, no names and no collected digits.
    """

    to: str | None
    reason: str


class VisitContext(Struct, frozen=True):
    """What a step computes its operations and its exit from. ``routing`` is the part of the capability."""

    call: BaseCall
    routing: Any
    visit: Visit
    time: datetime

    def name_of(self, operation: str) -> str:
        """The step of the engine for an operation of the visit: ``plan/menu.1/try 1``."""
        return f"plan/{self.visit.name}/{operation}"

    def context(self, operation: str) -> str:
        return effect_id(self.call.id, self.name_of(operation))

    def wanted(self, operation: str, action: AnyAction, delay_seconds: float = 0.0) -> Wanted:
        """A plan wants something all the time: a command's prompt has its turn between two operations of the plan."""
        return Wanted(self.name_of(operation), action, delay_seconds, after_commands=True)

    def outcome(self, operation: str) -> Outcome | None:
        """The final outcome of an operation; None as long as there is none."""
        found = self.call.operations.outcome(self.context(operation))
        return found if found is not None and found.is_final else None

    def effect(self, operation: str) -> Effect | None:
        """The operation as long as it is wanted, being sent, or accepted without an outcome."""
        context = self.context(operation)
        if self.call.operations.is_over(context):
            return None
        return next((effect for effect in self.call.effects if effect.id == context), None)

    def is_open(self, operation: str) -> bool:
        return self.effect(operation) is not None

    def was_sent(self, operation: str) -> bool:
        """Whether it is open, and ACS may have got it."""
        effect = self.effect(operation)
        return effect is not None and effect.tries > 0

    def cancellations(self, operations: Iterable[str]) -> Iterator[Wanted]:
        """Those of the prompts and recognitions among the operations that are under way."""
        yield from (interruption(self.context(each)) for each in operations if self.was_sent(each))

    def recognized(self, operation: str) -> Any:
        """What a recognition of the visit has brought; None if it brought nothing."""
        return self.call.recognition.results.get(self.context(operation))  # type: ignore[attr-defined]  # of its capability

    @property
    def caller(self) -> str | None:
        return caller_of(self.call)


class Step(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", omit_defaults=True):
    """The base of all steps. ``takes_time``: a caller cannot leave it at once, so that a loop through it has an end."""

    takes_time: ClassVar[bool] = False

    def exits(self) -> Mapping[str, str]:
        """The steps that it can lead to, by the path of the field that names each: ``{"keys.1": "sales"}``."""
        fields = ("then", "otherwise")
        return {name: to for name in fields if (to := getattr(self, name, None))}

    def prompts(self) -> Mapping[str, Prompt]:
        """What it plays, by the path of the field."""
        return {"prompt": self.prompt} if hasattr(self, "prompt") else {}

    def targets_by_path(self) -> Mapping[str, Any]:
        """Those that it calls, by the path of the field."""
        return {}

    def takes_caller(self, at: VisitContext) -> bool:  # noqa: ARG002
        """Whether the caller leaves the call because of this step, so that their absence does not end the plan."""
        return False

    def problems(self) -> Mapping[str, str]:
        """The errors of its fields by themselves, by the path of the field. The reader of documents refuses it."""
        return {}

    def speech(self) -> Iterable[str]:
        """The paths of the fields that need an AI service, which speaks or understands."""
        return [path for path, prompt in self.prompts().items() if prompt.is_speech]

    @property
    def heeds_timers(self) -> bool:
        """Whether a timer can mean something that the call does not know, such as an agent who has become free."""
        return False

    def note(self, at: VisitContext) -> str:  # noqa: ARG002
        """What the timeline says when the step is reached."""
        return ""

    def describe(self, choices: Mapping[str, str]) -> Iterable[tuple[datetime, str]]:  # noqa: ARG002
        """What the timeline says about new choices of a visit, and when each was made."""
        return ()

    def operations(self, at: VisitContext) -> Iterable[str]:  # noqa: ARG002  # subclasses use it
        """The names of the operations whose outcomes the visit depends on."""
        return ()

    def choose(self, at: VisitContext) -> Mapping[str, str]:  # noqa: ARG002
        """The choices to keep from now on; each is made once."""
        return {}

    def leave(self, at: VisitContext) -> Exit | None:  # noqa: ARG002
        """Where the call goes on; None as long as it stays."""
        return None

    def wanted(self, at: VisitContext) -> Iterator[Wanted]:  # noqa: ARG002
        """The operations that the visit needs now."""
        return iter(())

    def wanted_after(self, at: VisitContext) -> Iterator[Wanted]:  # noqa: ARG002
        """The operations that are needed once the step is left, such as the end of an invitation."""
        return iter(())

    def wanted_at_end(self, at: VisitContext) -> Iterator[Wanted]:  # noqa: ARG002
        """The operations that are needed once the call has ended, such as the release of an agent."""
        return iter(())

    def timers(self, at: VisitContext) -> Iterator[datetime]:  # noqa: ARG002
        """When the visit must be looked at, if nothing else happens. A moment stays until it has been acted on."""
        return iter(())

    def timers_after(self, at: VisitContext) -> Iterator[datetime]:  # noqa: ARG002
        """The same, once the step is left."""
        return iter(())
