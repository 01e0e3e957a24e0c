"""The data of the directory: in JSON, names are camelCase, ids are strings, times are UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, Literal, TypeVar

from msgspec import Struct

T = TypeVar("T")

ChatKind = Literal["oneOnOne", "group"]
DelegationKind = Literal["delegates", "delegators"]
Action = Literal[
    "makeCalls",
    "receiveCalls",
    "manageCallAndDelegateSettings",
    "pickUpHeldCalls",
    "joinActiveCalls",
]
Scope = Literal["voip", "chat", "voip.join", "chat.join", "chat.join.limited"]
PrincipalKind = Literal["resourceAccount", "user"]


class Page(Struct, Generic[T], frozen=True, rename="camel"):
    """Some of the items, and an opaque continuation for the next page of the same query."""

    value: tuple[T, ...]
    continuation: str | None = None


class ResourceAccount(Struct, frozen=True, rename="camel"):
    """``phone_number`` is E.164 without ``tel:``, such as ``+18005550100``."""

    id: str
    tenant_id: str
    display_name: str
    user_principal_name: str
    app_id: str
    acs_resource_id: str | None = None
    phone_number: str | None = None


class Person(Struct, frozen=True, rename="camel"):
    id: str
    display_name: str
    user_principal_name: str
    mail: str | None = None
    job_title: str | None = None


class AllowedActions(Struct, frozen=True, rename="camel"):
    """The actions that a delegate may take for the delegator."""

    make_calls: bool = False
    receive_calls: bool = False
    manage_call_and_delegate_settings: bool = False
    pick_up_held_calls: bool = False
    join_active_calls: bool = False


class Delegation(Struct, frozen=True, rename="camel"):
    """A delegate or a delegator of a user: ``id`` is the object id of the other user."""

    id: str
    is_active: bool
    created_at: datetime | None
    allowed_actions: AllowedActions


class Chat(Struct, frozen=True, rename="camel"):
    """``id`` is the thread id, which Teams calls accept (``19:…@thread.v2``)."""

    id: str
    kind: ChatKind


class Meeting(Struct, frozen=True, rename="camel"):
    """An online meeting in a calendar. An occurrence of a series is a meeting of its own."""

    id: str
    subject: str
    start: datetime
    end: datetime
    join_url: str
    organizer: str | None = None
    is_cancelled: bool = False
    is_all_day: bool = False


class Token(Struct, frozen=True, rename="camel"):
    """An access token of ACS. ``repr`` leaves it out."""

    token: str
    expires_on: datetime

    def __repr__(self) -> str:
        return f"Token(expires_on={self.expires_on!r})"


class Identity(Struct, frozen=True, rename="camel"):
    """A user of ACS, ``8:acs:{resource}_{uuid}``, with a token if one was requested."""

    id: str
    token: Token | None = None


class AccessAssignment(Struct, frozen=True, rename="camel"):
    """An access assignment: a Teams resource account, or a user with these client apps, may use the ACS resource."""

    tenant_id: str
    object_id: str
    kind: PrincipalKind
    client_ids: tuple[str, ...] = ()
