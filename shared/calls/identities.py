"""Identities of participants, by their raw ids.

Forms: azure-docs, "Identifier types" of Azure Communication Services. An agent with a Teams Phone extensibility
identity is ``8:acs:{ACS resource}_{tenant}_{user}``, where the user is an Entra object id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from itertools import islice

MOST_IN_COLUMN = 10

_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_IN_ACS = rf"({_GUID})_([0-9a-f-]+)"


class Kind(StrEnum):
    PHONE_NUMBER = "phoneNumber"
    AGENT = "agent"  # an Entra user with a Teams Phone extensibility identity
    TEAMS_USER = "teamsUser"
    RESOURCE_ACCOUNT = "resourceAccount"  # of a Teams app: this one, an auto attendant or a call queue
    ACS_USER = "acsUser"
    UNKNOWN = "unknown"


_FORMS = {
    Kind.PHONE_NUMBER: re.compile(r"4:(\+[0-9]{3,15})"),
    Kind.AGENT: re.compile(rf"8:acs:({_GUID})_({_GUID})_({_GUID})", re.IGNORECASE),
    Kind.TEAMS_USER: re.compile(rf"8:orgid:({_GUID})", re.IGNORECASE),
    Kind.RESOURCE_ACCOUNT: re.compile(rf"28:orgid:({_GUID})", re.IGNORECASE),
    Kind.ACS_USER: re.compile(rf"8:acs:{_IN_ACS}", re.IGNORECASE),
}


def kind_of(raw_id: str) -> Kind:
    return next((kind for kind, form in _FORMS.items() if form.fullmatch(raw_id)), Kind.UNKNOWN)


def user_of(raw_id: str) -> str | None:
    """The Entra object id of an agent or a Teams user; None for others."""
    found = _FORMS[Kind.AGENT].fullmatch(raw_id) or _FORMS[Kind.TEAMS_USER].fullmatch(raw_id)
    return found.groups()[-1].lower() if found else None


def tenant_of(raw_id: str) -> str | None:
    """The Entra tenant of an agent; None for others."""
    found = _FORMS[Kind.AGENT].fullmatch(raw_id)
    return found.group(2).lower() if found else None


def number_of(raw_id: str) -> str | None:
    """The phone number in E.164; None for others."""
    found = _FORMS[Kind.PHONE_NUMBER].fullmatch(raw_id)
    return found.group(1) if found else None


def agent(resource: str, tenant: str, user: str) -> str:
    """The raw id of an agent: the ACS resource's immutable id, and Entra's ids of the tenant and the user."""
    return f"8:acs:{resource}_{tenant}_{user}"


def teams_user(user: str) -> str:
    """The raw id of a Teams user, by its Entra object id."""
    return f"8:orgid:{user}"


def account(object_id: str) -> str:
    """The raw id of a resource account, by its object id."""
    return f"28:orgid:{object_id}"


def phone_number(number: str) -> str:
    """The raw id of a phone number in E.164."""
    return f"4:{number}"


def is_same(raw_id: str, other: str) -> bool:
    """Whether two raw ids are of the same identity: the GUIDs in them can be in either case."""
    return raw_id.lower() == other.lower()


def is_among(raw_id: str, others: Iterable[str]) -> bool:
    return any(is_same(raw_id, each) for each in others)


def joined(raw_ids: Iterable[str]) -> str | None:
    """The first of them as a text for a column, separated by spaces, which no known form has; None without any."""
    return " ".join(each for each in islice(raw_ids, MOST_IN_COLUMN) if " " not in each) or None


def described(raw_id: str) -> str:
    """The identity in words, without a phone number or the name of a person: ``agent {Entra object id}``."""
    kind = kind_of(raw_id)
    match kind:
        case Kind.AGENT:
            return f"agent {user_of(raw_id)}"
        case Kind.TEAMS_USER:
            return f"Teams user {user_of(raw_id)}"
        case Kind.RESOURCE_ACCOUNT:
            return f"resource account {raw_id.rpartition(':')[2]}"
        case Kind.PHONE_NUMBER:
            return "a phone number"
        case Kind.ACS_USER:
            return "an ACS user"
    return "an unknown identity"
