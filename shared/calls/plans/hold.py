"""What a caller hears while agents ring: music, which prompts interrupt."""

from __future__ import annotations

from collections.abc import Iterator

from shared.calls.effect import Wanted
from shared.calls.music import music_wanted
from shared.calls.plans.base import VisitContext

MUSIC = "music"
MOST = 500  # of a visit: the row keeps their outcomes


def numbered(at: VisitContext, operation: str) -> Iterator[str]:
    """``music 1``, ``music 2``, …: those that are over, and the next one."""
    for n in range(1, MOST + 1):
        yield f"{operation} {n}"
        if at.outcome(f"{operation} {n}") is None:
            return


def music(at: VisitContext, source: str, *, is_on: bool) -> Iterator[Wanted]:
    """Music for the caller alone, whom ACS keeps apart from the others meanwhile."""
    listeners = (at.caller,) if at.caller else ()
    command, steps = at.name_of("").removesuffix("/"), tuple(numbered(at, MUSIC))
    return music_wanted(at.call, command, steps, source, listeners, is_on=is_on)
