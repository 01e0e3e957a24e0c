"""The end of a call whose plan is over. An agent who comes in as the caller leaves hears why, if the app can speak."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from shared.calls.actions import HangUp, Play
from shared.calls.call import BaseCall
from shared.calls.effect import Wanted, effect_id
from shared.calls.plans.base import CALLER_LEFT, Visit
from shared.calls.plans.invitations import INVITED, End, ends_of
from shared.calls.plans.walk import TOO_MANY, Visits
from shared.calls.presence import others

HANG_UP, FAREWELL = "plan/hang up", "plan/farewell"
WORDS = "The caller has hung up."
LONGEST = timedelta(seconds=5)  # from when the caller left


def wanted(call: BaseCall, visits: Visits, now: datetime, *, speaks: bool) -> Iterator[Wanted]:
    """The call is hung up, at once or after the farewell."""
    last = visits[-1]
    if last.reason not in {CALLER_LEFT, TOO_MANY}:
        return
    if speaks and _is_needed(call, visits) and now < _until(last):
        yield Wanted(FAREWELL, Play("farewell", WORDS))
    else:
        yield Wanted(HANG_UP, HangUp())


def timers(call: BaseCall, visits: Visits, *, speaks: bool) -> Iterator[datetime]:
    if speaks and visits[-1].reason == CALLER_LEFT and _is_needed(call, visits):
        yield _until(visits[-1])


def _is_needed(call: BaseCall, visits: Visits) -> bool:
    """Whether someone who was invited is in the call, and has not spoken to the caller."""
    is_over = call.operations.is_over(effect_id(call.id, FAREWELL))
    is_hung_up = any(effect.id == effect_id(call.id, HANG_UP) for effect in call.effects)
    if visits[-1].reason != CALLER_LEFT or is_over or is_hung_up:
        return False
    invited = {name.removeprefix(INVITED) for each in visits for name in each.choices if name.startswith(INVITED)}
    accepted = {target for each in visits for target, end, _ in ends_of(each.choices) if end is End.ACCEPTED}
    return bool(_among(call, invited - accepted))


def _among(call: BaseCall, targets: set[str]) -> set[str]:
    return {each.lower() for each in others(call)} & {each.lower() for each in targets}


def _until(last: Visit) -> datetime:
    return (last.left_at or last.begun_at) + LONGEST
