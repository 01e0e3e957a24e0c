"""The result of a dry run."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Heard(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A prompt: text, SSML, or the URL of a file. ``by``: ``caller``, or another participant, described without a
    number. ``loop``: until something else begins.
    """

    at: datetime
    by: str
    prompt: str
    loop: bool = False


class DryRunStep(Struct, frozen=True, rename="camel"):
    """A visit of the call to a step. ``next`` is the step that it leads to, and ``reason`` why; ``next`` is null where
    the plan or the call ends.
    """

    visit: str
    type: str
    at: datetime
    heard: tuple[Heard, ...]
    next: str | None
    reason: str


class DryRun(Struct, frozen=True, rename="camel"):
    """``seconds``: how long the call takes, with prompts of estimated length. ``unused``: parts of the situation that
    the call never came to.
    """

    steps: tuple[DryRunStep, ...]
    ended: str
    seconds: float
    unused: tuple[str, ...]
