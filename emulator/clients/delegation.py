"""Who may make and take calls for whom, by the directory's delegates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.acs.identifiers import Identifier
from emulator.directory import Directory


def may_call_for(directory: Directory, delegator: Identifier, delegate: Identifier) -> bool:
    """Whether a Teams user may make calls on behalf of another."""
    return any(_allows(each, "makeCalls") for each in _settings(directory, delegator["rawId"], delegate["rawId"]))


def answers_for(directory: Directory, delegate: str, callee: str) -> bool:
    """Whether calls to the callee ring at the delegate as well. Both are raw ids."""
    return any(_allows(each, "receiveCalls") for each in _settings(directory, callee, delegate))


def _allows(settings: dict[str, Any], action: str) -> bool:
    return bool(settings["isActive"] and settings["allowedActions"].get(action))


def _settings(directory: Directory, delegator: str, delegate: str) -> Iterator[dict[str, Any]]:
    for tenant in directory.tenants():
        names = {f"8:orgid:{user['id']}": name for name, user in tenant["users"].items()}
        settings = tenant.get("delegates", {}).get(names.get(delegator), {}).get(names.get(delegate))
        if settings:
            yield settings
