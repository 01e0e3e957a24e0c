"""Identifiers: raw ids and the identifier models of the wire.

Raw ids: azure-docs, ``articles/communication-services/concepts/identifiers.md``, *Raw ID representation*.
"""

from __future__ import annotations

import re
from typing import Any

Identifier = dict[str, Any]

_TEAMS_EXTENSION_PARTS = 3  # resource, tenant and user, joined with underscores
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def parse(text: str, *, bare_guid: str = "28:orgid:") -> Identifier:
    """An identifier from a raw id, from a phone number or from the object id of a resource account."""
    if text.startswith("+"):
        text = f"4:{text}"
    elif _GUID.fullmatch(text):
        text = f"{bare_guid}{text}"
    if text.startswith("4:"):
        return {"kind": "phoneNumber", "rawId": text, "phoneNumber": {"value": text[2:]}}
    if text.startswith("8:acs:"):
        return _acs_user(text)
    if text.startswith("8:orgid:"):
        user = {"userId": text.removeprefix("8:orgid:"), "isAnonymous": False, "cloud": "public"}
        return {"kind": "microsoftTeamsUser", "rawId": text, "microsoftTeamsUser": user}
    if text.startswith("28:orgid:"):
        app = {"appId": text.removeprefix("28:orgid:"), "cloud": "public"}
        return {"kind": "microsoftTeamsApp", "rawId": text, "microsoftTeamsApp": app}
    return {"kind": "unknown", "rawId": text}


def unknown(identifier: Identifier) -> Identifier:
    """The same, as IncomingCall names a resource account: by its raw id alone."""
    return {"kind": "unknown", "rawId": identifier["rawId"]}


def canonical(model: Identifier) -> Identifier:
    """The identifier of a request, with the raw id and kind that answers and events carry."""
    return parse(_raw(model))


def _acs_user(text: str) -> Identifier:
    parts = text.removeprefix("8:acs:").split("_")
    if len(parts) != _TEAMS_EXTENSION_PARTS:
        return {"kind": "communicationUser", "rawId": text, "communicationUser": {"id": text}}
    resource, tenant, user = parts
    agent = {"userId": user, "tenantId": tenant, "resourceId": resource, "cloud": "public"}
    return {"kind": "teamsExtensionUser", "rawId": text, "teamsExtensionUser": agent}


def _raw(model: Identifier) -> str:
    if phone := model.get("phoneNumber"):
        return f"4:{phone['value']}"
    if agent := model.get("teamsExtensionUser"):
        return f"8:acs:{agent['resourceId']}_{agent['tenantId']}_{agent['userId']}"
    if user := model.get("communicationUser"):
        return str(user["id"])
    if user := model.get("microsoftTeamsUser"):
        return f"8:orgid:{user['userId']}"
    if app := model.get("microsoftTeamsApp"):
        return f"28:orgid:{app['appId']}"
    return str(model.get("rawId") or "")
