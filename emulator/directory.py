"""The tenants that Entra and Graph know: their apps, users, resource accounts and what these may do.

``directory.json`` in this folder is its initial state. Users and resource accounts are keyed by a short name in
their tenant; ``id`` is the object id.
"""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SEED = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


class UnknownTenant(ValueError):
    """No tenant has this name or id."""


class Directory:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.data: dict[str, Any] = copy.deepcopy(SEED)

    def patch(self, change: Any) -> None:
        """A JSON merge patch (RFC 7386): objects are merged, null removes, anything else replaces."""
        self.data = _merged(self.data, change)

    def tenants(self) -> Iterator[dict[str, Any]]:
        yield from self.data["tenants"].values()

    def tenant(self, which: str) -> dict[str, Any] | None:
        """By name, id or domain."""
        named: dict[str, Any] | None = self.data["tenants"].get(which)
        return named or next((each for each in self.tenants() if which in (each["id"], each["domain"])), None)

    def user(self, tenant: dict[str, Any], which: str) -> dict[str, Any] | None:
        """By short name, object id or user principal name."""
        name = self.name_of(tenant, which)
        return tenant["users"][name] if name else None

    def name_of(self, tenant: dict[str, Any], which: str) -> str | None:
        """A user's short name, by which policies, delegates and meetings are kept."""
        for name, user in tenant["users"].items():
            if which.lower() in (name, user["id"], user["userPrincipalName"].lower()):
                return str(name)
        return None

    def add_resource_accounts(self, which: str, count: int, resource_id: str) -> None:
        """Many at once, linked to the ACS resource. Raises UnknownTenant."""
        tenant = self.tenant(which)
        if tenant is None:
            raise UnknownTenant(f"there is no tenant {which!r}")
        there = tenant["resourceAccounts"]
        for number in range(len(there), len(there) + count):
            name = f"line-{number:05d}"
            there[name] = {
                "id": str(uuid.uuid5(uuid.UUID(tenant["id"]), name)),
                "userPrincipalName": f"{name}@{tenant['domain']}",
                "displayName": f"Line {number}",
                "appId": "b0700000-0000-4000-8000-0000000000b1",
                "phoneNumber": f"tel:+1800556{number:04d}",
                "acsResourceId": resource_id,
                "licenses": ["PHONESYSTEM_VIRTUALUSER"],
            }


def _merged(target: Any, change: Any) -> Any:
    if not isinstance(change, dict):
        return copy.deepcopy(change)
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in change.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged
