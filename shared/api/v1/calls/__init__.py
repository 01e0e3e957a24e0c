"""Calls: a module for each resource of a call."""

from __future__ import annotations

from shared.api.v1.calls import calls, consults, operations, timeline

ROUTES = (
    *calls.ROUTES,
    *consults.ROUTES,
    *timeline.ROUTES,
    *operations.ROUTES,
)
