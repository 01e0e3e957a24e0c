"""Consult: the agents speak while the caller hears music."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from shared.calls.actions.base import Operation

STEPS_OF_HOLD = tuple(f"hold {n}" for n in range(1, 11))


class Consult(Operation, frozen=True, tag="Consult"):
    """Bring in ``target`` while ``held`` hears ``music`` and not the others."""

    target: str
    held: str
    music: str

    steps: ClassVar[tuple[str, ...]] = ("add", "cancel", "remove", *STEPS_OF_HOLD)
    longest_outcome: ClassVar[timedelta] = timedelta(minutes=4)


class EndConsult(Operation, frozen=True, tag="EndConsult"):
    """Join all participants of a consult, swap the one who hears music, or drop the one who was brought in."""

    consult: str  # its operation context
    how: Literal["join", "swap", "drop"]

    steps: ClassVar[tuple[str, ...]] = ("remove", *STEPS_OF_HOLD)
