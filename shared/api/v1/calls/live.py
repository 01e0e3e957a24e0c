"""The calls that go on now, for pages that ask every few seconds."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from shared.api.route import SUPERVISORS, RequestContext, Route
from shared.api.tenants import TenantQuery, tenant_of
from shared.api.v1.calls.models import CallSummary
from shared.api.v1.calls.view import summary_of
from shared.storage.live import Totals


class LiveView(Struct, frozen=True, rename="camel", kw_only=True):
    """The calls that have not ended, newest first, and the totals of ``day`` (UTC). ``waiting``: how many calls wait
    for an agent, ``longestWait`` since when the first of them does.
    """

    day: date
    calls: tuple[CallSummary, ...]
    totals: Totals
    waiting: int
    longest_wait: datetime | None


async def get_live_calls(context: RequestContext) -> LiveView:
    tenant = tenant_of(context)
    found = await context.container.live_calls.of(tenant)
    waiting = await context.container.claims.waiting(tenant)
    return LiveView(
        day=context.container.today,
        calls=tuple(map(summary_of, found.calls)),
        totals=found.totals,
        waiting=len(waiting),
        longest_wait=waiting[0].since if waiting else None,
    )


ROUTES = (
    Route(
        "GET",
        "calls/live",
        "getLiveCalls",
        SUPERVISORS,
        "Get the calls that go on and the totals of the day, some seconds old",
        {200: LiveView},
        get_live_calls,
        query=TenantQuery,
    ),
)
