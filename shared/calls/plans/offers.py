"""The offers of a visit to ``ring``. Each claims targets that are free. One that names none ends the visit, or is
repeated as long as the call waits for an agent.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shared.calls.operations import OutcomeStatus
from shared.calls.plans.base import VisitContext

MOST_ROUNDS = 400  # of a visit: the row keeps them all


class Round(Struct, frozen=True):
    """The response to an offer; no targets if there was none in three tries."""

    number: int
    at: datetime
    targets: tuple[str, ...] = ()
    position: int | None = None
    failed: bool = False


def name(number: int) -> str:
    return f"offer {number}"


def rounds(at: VisitContext) -> list[Round]:
    found: list[Round] = []
    while (following := _round(at, len(found) + 1)) is not None:
        found.append(following)
    return found


def _round(at: VisitContext, number: int) -> Round | None:
    offer = at.routing.offers.get(at.context(name(number)))
    if offer is not None:
        return Round(number, offer.at, offer.targets, offer.position)
    outcome = at.outcome(name(number))
    if outcome is not None and outcome.status is OutcomeStatus.FAILED:
        return Round(number, outcome.at, failed=True)
    return None


def claimed(at: VisitContext) -> list[str]:
    return list(dict.fromkeys(target for each in rounds(at) for target in each.targets))
