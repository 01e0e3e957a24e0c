"""The identities of the resource, and its access assignments."""

from __future__ import annotations

from typing import Any

# Assigned from the start: to the lines of directory.json that calls come in by.
SEED = (
    ("c0000000-0000-4000-8000-000000000001", "11111111-1111-4111-8111-111111111111"),
    ("f0000000-0000-4000-8000-000000000002", "11111111-1111-4111-8111-111111111121"),
)


class Identities:
    """The users of the resource, by their ids."""

    def __init__(self) -> None:
        self._ids: set[str] = set()

    def add(self, id: str) -> None:
        self._ids.add(id)

    def __contains__(self, id: str) -> bool:
        return id in self._ids

    def remove(self, id: str) -> None:
        self._ids.discard(id)

    def clear(self) -> None:
        self._ids.clear()


class Assignments:
    """The resource accounts and users for which the resource may act, by tenant and object id."""

    def __init__(self) -> None:
        self.reset()

    def get(self, tenant: str, object_id: str) -> dict[str, Any] | None:
        return self._kept.get((tenant.lower(), object_id.lower()))

    def put(self, assignment: dict[str, Any]) -> bool:
        """Whether it is new."""
        key = (assignment["tenantId"].lower(), assignment["objectId"].lower())
        new = key not in self._kept
        self._kept[key] = assignment
        return new

    def remove(self, tenant: str, object_id: str) -> bool:
        """Whether there was one."""
        return self._kept.pop((tenant.lower(), object_id.lower()), None) is not None

    def reset(self) -> None:
        self._kept: dict[tuple[str, str], dict[str, Any]] = {}
        for tenant, id in SEED:
            self.put({"objectId": id, "tenantId": tenant, "principalType": "teamsResourceAccount"})
