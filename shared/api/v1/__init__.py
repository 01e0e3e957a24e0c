"""The resources of version 1. A new resource is a module with ROUTES, and a line here."""

from __future__ import annotations

from shared.api.v1 import (
    accounts,
    agents,
    calls,
    chats,
    client_calls,
    consent,
    customers,
    diagnosis,
    document,
    identities,
    meetings,
    outbound_rules,
    plans,
    users,
)

ROUTES = (
    *document.ROUTES,
    *accounts.ROUTES,
    *users.ROUTES,
    *chats.ROUTES,
    *meetings.ROUTES,
    *identities.ROUTES,
    *consent.ROUTES,
    *calls.ROUTES,
    *client_calls.ROUTES,
    *customers.ROUTES,
    *agents.ROUTES,
    *plans.ROUTES,
    *outbound_rules.ROUTES,
    *diagnosis.ROUTES,
)
