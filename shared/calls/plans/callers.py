"""The caller that a step asks. The participants are reported after the call has connected, and name the caller where
the incoming call does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from shared.calls.plans.base import VisitContext

WAIT = timedelta(seconds=5)  # for the participants
CALLER_UNKNOWN = "it is not known which participant is the caller"


def caller_is_missing(at: VisitContext, operations: Iterable[str]) -> bool:
    """Whether the caller can no longer be expected to be known, and is not being asked by one of the operations."""
    return _is_unknown(at, operations) and at.time >= at.visit.begun_at + WAIT


def caller_timers(at: VisitContext, operations: Iterable[str]) -> Iterator[datetime]:
    if _is_unknown(at, operations):
        yield at.visit.begun_at + WAIT


def _is_unknown(at: VisitContext, operations: Iterable[str]) -> bool:
    return at.caller is None and not any(at.is_open(each) for each in operations)
