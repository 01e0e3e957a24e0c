"""Saved routing plans: in JSON, names are camelCase, times are UTC."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from shared.calls.plans.document import Plan

DEFAULT = "default"  # the plan of all accounts of a tenant that have none of their own


class PlanVersion(Struct, frozen=True, rename="camel"):
    """``id`` is the object id of a resource account, or ``default``. ``version`` counts its changes, from 1."""

    id: str
    version: int
    changed_at: datetime
    changed_by: str


class SavedPlan(PlanVersion, frozen=True, rename="camel"):
    plan: Plan
