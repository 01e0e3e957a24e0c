"""Calls: a module for each resource of a call."""

from __future__ import annotations

from shared.api.v1.calls import (
    calls,
    consults,
    drawing,
    lists,
    live,
    media,
    operations,
    outbound,
    participants,
    recordings,
    requests,
    steps,
    timeline,
    transcripts,
    transfers,
    wrap_up,
)

ROUTES = (
    *lists.ROUTES,
    *live.ROUTES,
    *outbound.ROUTES,
    *requests.ROUTES,
    *calls.ROUTES,
    *participants.ROUTES,
    *transfers.ROUTES,
    *consults.ROUTES,
    *timeline.ROUTES,
    *recordings.ROUTES,
    *transcripts.ROUTES,
    *media.ROUTES,
    *steps.ROUTES,
    *drawing.ROUTES,
    *operations.ROUTES,
    *wrap_up.ROUTES,
)
