"""The rows of routing plans in Table storage. The partition is the tenant.

| row key | contents |
|---|---|
| ``plan {id}`` | the present plan. Its ETag guards the plan; after a deletion it keeps the version |
| ``version {id} {number modulo 20}`` | a version, which is replaced by the one that comes 20 later |

The plan is JSON text in the property ``plan``: 20 kB at most, and a property has room for 64 KiB.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from shared.calls.plans.document import Plan
from shared.plans.models import PlanVersion, SavedPlan

PLANS = "plan "
VERSIONS_KEPT = 20
COLUMNS = ("PartitionKey", "RowKey", "version", "changed_at", "changed_by")  # all but the plan


class UnreadablePlan(Exception):
    """A saved plan has steps that only a newer version of this app knows. The text quotes nothing of the plan."""

    def __init__(self, version: PlanVersion) -> None:
        super().__init__(
            f"version {version.version} of the plan {version.id} cannot be read by this version of the app"
        )


def plan_key(id: str) -> str:
    return f"{PLANS}{id}"


def version_keys(id: str) -> str:
    """The beginning of the keys of a plan's versions."""
    return f"version {id} "


def version_key(id: str, version: int) -> str:
    return f"{version_keys(id)}{version % VERSIONS_KEPT:02d}"


def entity(tenant: str, key: str, plan: SavedPlan) -> dict[str, Any]:
    text = msgspec.json.encode(plan.plan).decode()
    return keys(tenant, key) | _properties(plan) | {"plan": text, "deleted": False}


def deleted(tenant: str, last: PlanVersion) -> dict[str, Any]:
    return keys(tenant, plan_key(last.id)) | _properties(last) | {"deleted": True}


def keys(tenant: str, key: str) -> dict[str, Any]:
    return {"PartitionKey": tenant, "RowKey": key}


def version_in(row: Mapping[str, Any]) -> PlanVersion:
    at: datetime = row["changed_at"]  # of a class of the SDK, which JSON encoders do not know
    plain = datetime.combine(at.date(), at.timetz())
    return PlanVersion(row["RowKey"].split(" ")[1], row["version"], plain, row["changed_by"])


def plan_in(row: Mapping[str, Any]) -> SavedPlan:
    """Raises UnreadablePlan."""
    version = version_in(row)
    try:
        plan = msgspec.json.decode(row["plan"], type=Plan)
    except msgspec.DecodeError:
        raise UnreadablePlan(version) from None
    return SavedPlan(version.id, version.version, version.changed_at, version.changed_by, plan)


def _properties(version: PlanVersion) -> dict[str, Any]:
    return {"version": version.version, "changed_at": version.changed_at, "changed_by": version.changed_by}
