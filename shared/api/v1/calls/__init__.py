"""Calls: a module for each resource of a call."""

from __future__ import annotations

from shared.api.v1.calls import calls, operations, timeline

ROUTES = (
    *calls.ROUTES,
    *timeline.ROUTES,
    *operations.ROUTES,
)
