"""Consult: the agents speak to each other while the caller hears music."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from shared.calls.actions.base import Operation

HOLDS = tuple(f"hold {n}" for n in range(1, 11))  # each the music once; it is played again if it breaks off


class Consult(Operation, frozen=True, tag="Consult"):
    """Bring in ``target`` while ``held`` hears ``music`` and not the others.

    ``needs_isolation``: invite the target only once ACS reports that ``held`` is on hold, so cannot hear the others.
    """

    target: str
    held: str
    music: str
    needs_isolation: bool = True

    steps: ClassVar[tuple[str, ...]] = ("add", "cancel", *HOLDS)
    longest_outcome: ClassVar[timedelta] = timedelta(minutes=4)
    takes_over: ClassVar[bool] = True


class EndConsult(Operation, frozen=True, tag="EndConsult"):
    """Join all participants of a consult, swap the one who hears the music, or drop the one who was brought in."""

    consult: str  # its operation context
    how: Literal["join", "swap", "drop"]

    steps: ClassVar[tuple[str, ...]] = ("remove", *HOLDS)
