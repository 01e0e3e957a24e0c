"""What the directory answers: plain data, in JSON with camelCase names, ids as strings and times in UTC."""

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
    """Some of the items, and by what the next ones are asked for: opaque, and only good for the same question."""

    value: tuple[T, ...]
    continuation: str | None = None


class ResourceAccount(Struct, frozen=True, rename="camel"):
    """``phone_number`` as it is dialled, ``+18005550100``, without ``tel:``."""

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
    """What a delegate may do for the delegator."""

    make_calls: bool = False
    receive_calls: bool = False
    manage_call_and_delegate_settings: bool = False
    pick_up_held_calls: bool = False
    join_active_calls: bool = False


class Delegation(Struct, frozen=True, rename="camel"):
    """A delegate of a user, or a delegator: ``id`` is the other user's."""

    id: str
    is_active: bool
    created_at: datetime | None
    allowed_actions: AllowedActions


class Chat(Struct, frozen=True, rename="camel"):
    """``id`` is the thread id that a Teams call takes (``19:…@thread.v2``)."""

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
    """An access token of ACS. It stands in the answer's JSON, and nowhere else."""

    token: str
    expires_on: datetime

    def __repr__(self) -> str:
        return f"Token(expires_on={self.expires_on!r})"


class Identity(Struct, frozen=True, rename="camel"):
    """A user of ACS, ``8:acs:{resource}_{uuid}``, and a token if one was asked for."""

    id: str
    token: Token | None = None


class AccessAssignment(Struct, frozen=True, rename="camel"):
    """The consent of an ACS resource: a Teams resource account, or a user by these client apps, may use it."""

    tenant_id: str
    object_id: str
    kind: PrincipalKind
    client_ids: tuple[str, ...] = ()
