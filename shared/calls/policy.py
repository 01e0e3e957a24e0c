"""What to do with a call to a resource account: the plan, and the decision it leads to."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from shared.calls.events import IncomingCallPayload, resource_account

# A call rings for 30 seconds (azure-docs, "Lowest latency best practices for Teams Phone extensibility").
RING_WINDOW = timedelta(seconds=30)


class Decision(StrEnum):
    ANSWER = "answer"
    REJECT = "reject"
    TOO_LATE = "too late"  # it has rung out: nobody can answer it any more
    NOT_OURS = "not ours"  # another application's resource account


class Plan(Struct, frozen=True):
    """The policies of one call, fixed when the call is first seen.

    ``accounts`` are the resource accounts' object ids, or raw ids, that are ours; empty means all.
    ``announcement`` and ``notice`` are spoken text or, when they begin with http, the URL of an audio file.
    """

    accounts: tuple[str, ...] = ()
    incoming: Literal["answer", "busy", "forbidden"] = "answer"
    record: bool = True
    channels: Literal["mixed", "unmixed"] = "unmixed"
    announcement: str = ""
    unrecorded: Literal["continue", "end"] = "continue"
    notice: str = ""


def decide(plan: Plan, call: IncomingCallPayload, rang_at: datetime, now: datetime) -> Decision:
    """Whether to answer. An event older than the ring window is not answered: the caller is gone."""
    if plan.accounts and not is_ours(plan.accounts, call.to.raw_id):
        return Decision.NOT_OURS
    if now - rang_at > RING_WINDOW:
        return Decision.TOO_LATE
    return Decision.ANSWER if plan.incoming == "answer" else Decision.REJECT


def is_ours(accounts: tuple[str, ...], raw_id: str) -> bool:
    """Whether the account is one of those that are listed: by its raw id or its object id, in whatever case."""
    listed, raw_id = {account.lower() for account in accounts}, raw_id.lower()
    return raw_id in listed or resource_account(raw_id) in listed
