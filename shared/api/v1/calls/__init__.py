"""Calls: a module for each resource of a call."""

from __future__ import annotations

from shared.api.v1.calls import calls, consults, media, operations, participants, timeline, transfers

ROUTES = (
    *calls.ROUTES,
    *participants.ROUTES,
    *transfers.ROUTES,
    *consults.ROUTES,
    *timeline.ROUTES,
    *media.ROUTES,
    *operations.ROUTES,
)
