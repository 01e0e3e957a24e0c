"""What the routes do, a few lines each: everything behind them is the directory's.

A handler returns what its route declares: a Struct, a Page, None for no body, or ``Made`` where the status is not
always the same; or the answer itself.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType, field

from shared.api.http import Answer, Request
from shared.api.problems import Problem
from shared.directory.account_copy import Refreshed
from shared.directory.caller import Caller
from shared.directory.chats import LONGEST_TOPIC, MOST_MEMBERS
from shared.directory.errors import OTHER_TENANT, UpstreamError
from shared.directory.graph import LONGEST_CONTINUATION
from shared.directory.models import (
    AccessAssignment,
    Action,
    Delegation,
    DelegationKind,
    Identity,
    Meeting,
    Page,
    Person,
    PrincipalKind,
    ResourceAccount,
    Scope,
    Token,
)
from shared.directory.people import LONGEST_TEXT
from shared.directory.token_validation import LONGEST_TOKEN

Found = TypeVar("Found")

GUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
# Examples, which the emulator's directory knows.
TENANT = "c0000000-0000-4000-8000-000000000001"
ACCOUNT = "11111111-1111-4111-8111-111111111111"
USER = "0000c0de-0000-4000-8000-0000000000a2"

# RFC 3339, with or without an offset.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)

if TYPE_CHECKING:
    from shared.api.openapi import Document
    from shared.directory.directory import Directory
    from shared.doctor.report import Report
    from shared.platform.clients import Clients
    from shared.platform.settings import Settings


class Ask(Struct, frozen=True):
    """What a handler gets: the parameters of path and query and the body are checked, the caller may do this."""

    settings: Settings
    directory: Directory
    clients: Clients
    caller: Caller
    request: Request
    path: dict[str, str]
    query: Any
    body: Any
    document: Document

    def __repr__(self) -> str:
        return "Ask()"


class Made(Struct, frozen=True):
    status: int
    data: Any


# -- What is asked for. Fields that are not known are refused by name. --


class Strict(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    pass


PageSize = Annotated[int, Meta(ge=1, le=999, description="how many at most; a page can have fewer")]
Continuation = Annotated[
    str,
    Meta(
        pattern=f"^[A-Za-z0-9_-]{{1,{LONGEST_CONTINUATION}}}$",
        description="from a nextLink, which is best followed as it is",
    ),
]
Id = Annotated[str, Meta(pattern=GUID)]
Minutes = Annotated[int, Meta(ge=60, le=1440, description="how long the token lasts")]
Scopes = Annotated[tuple[Scope, ...], Meta(max_length=5)]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Source = Annotated[
    Literal["copy", "graph"],
    Meta(
        description="the app's copy, which it renews twice an hour if Graph lets it, or Graph, on the caller's behalf"
    ),
]


class NoQuery(Strict, frozen=True):
    pass


class PageQuery(Strict, frozen=True):
    """Without ``pageSize`` a page is as large as the service behind makes it."""

    page_size: PageSize | UnsetType = UNSET
    continuation: Continuation | None = None

    @property
    def page(self) -> dict[str, Any]:
        return {"page_size": self.page_size or None, "continuation": self.continuation}


class AccountQuery(Strict, frozen=True):
    source: Source = "copy"


class AccountsQuery(PageQuery, frozen=True):
    source: Source = "copy"
    acs_resource_id: Annotated[str, Meta(pattern=GUID, description="linked to this ACS resource")] | None = None
    app_id: Annotated[str, Meta(pattern=GUID, description="of this application")] | None = None


class UsersQuery(PageQuery, frozen=True):
    search: Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)] | None = None


class DelegationsQuery(PageQuery, frozen=True):
    allowed_action: Annotated[Action, Meta(description="only those who may do this")] | UnsetType = UNSET


class MeetingsQuery(PageQuery, frozen=True, kw_only=True):
    """The times are texts, since msgspec takes numbers for times of a query as well."""

    from_: Annotated[
        Time, Meta(examples=["2026-11-23T00:00:00+01:00"], description="the start; without an offset, in the time zone")
    ] = field(name="from")
    to: Annotated[Time, Meta(examples=["2026-11-28T00:00:00+01:00"], description="the end, at most 62 days later")]
    time_zone: Annotated[
        str, Meta(min_length=1, max_length=64, examples=["Europe/Berlin"], description="an IANA name")
    ] = "UTC"

    def __post_init__(self) -> None:
        _ = self.window

    @property
    def window(self) -> tuple[datetime, datetime]:
        return _moment(self.from_, "from"), _moment(self.to, "to")


def _moment(text: str, name: str) -> datetime:
    try:
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:  # such as the 31st of February
        pass
    raise ValueError(f"Expected a time such as 2026-11-21T09:00:00+01:00 - at `$.{name}`")


class NewChat(Strict, frozen=True):
    members: Annotated[
        tuple[Id, ...],
        Meta(
            min_length=1,
            max_length=MOST_MEMBERS - 1,
            examples=[[USER]],
            description="object ids; the caller need not be among them",
        ),
    ]
    topic: Annotated[str, Meta(min_length=1, max_length=LONGEST_TOPIC, description="makes it a group chat")] | None = (
        None
    )


class TeamsTokenRequest(Strict, frozen=True):
    entra_token: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=LONGEST_TOKEN,
            description="the user's Entra token for ACS, with the scopes Teams.ManageCalls and Teams.ManageChats",
        ),
    ]


class IdentityRequest(Strict, frozen=True):
    scopes: Scopes = ()
    minutes: Minutes = 60


class TokenRequest(Strict, frozen=True):
    scopes: Annotated[Scopes, Meta(min_length=1)]
    minutes: Minutes = 60


class NewAssignment(Strict, frozen=True):
    kind: PrincipalKind
    client_ids: Annotated[tuple[Id, ...], Meta(max_length=50, description="the applications a user signs in to")] = ()


# -- The OpenAPI document --


async def get_openapi(ask: Ask) -> Answer:
    return ask.document.answer()


# -- Resource accounts --


async def list_accounts(ask: Ask) -> Page[ResourceAccount]:
    query, accounts = ask.query, ask.directory.accounts
    which = {"acs_resource_id": query.acs_resource_id, "app_id": query.app_id, **query.page}
    if query.source == "graph":
        return await accounts.list(ask.caller, **which)
    return await ask.directory.account_copy.list(ask.caller.tenant, **which)


async def get_account(ask: Ask) -> ResourceAccount:
    id, accounts = ask.path["accountId"], ask.directory.accounts
    if ask.query.source == "graph":
        return await accounts.get(ask.caller, id)
    return _found(await ask.directory.account_copy.get(ask.caller.tenant, id))


async def refresh_accounts(ask: Ask) -> Refreshed:
    credential = ask.directory.credentials.on_behalf_of(ask.caller)  # which only a user has, and users have a tenant
    return await ask.directory.account_copy.refresh(ask.caller.tenant or "", credential, sees_all=False)


# -- People --


async def list_users(ask: Ask) -> Page[Person]:
    return await ask.directory.people.search(ask.caller, ask.query.search, **ask.query.page)


async def get_user(ask: Ask) -> Person:
    return await ask.directory.people.get(ask.caller, ask.path["userId"])


async def list_delegates(ask: Ask) -> Page[Delegation]:
    return await _delegations(ask, "delegates")


async def get_delegate(ask: Ask) -> Delegation:
    return await ask.directory.delegation.get(ask.caller, ask.path["userId"], "delegates", ask.path["delegateId"])


async def list_delegators(ask: Ask) -> Page[Delegation]:
    return await _delegations(ask, "delegators")


async def get_delegator(ask: Ask) -> Delegation:
    return await ask.directory.delegation.get(ask.caller, ask.path["userId"], "delegators", ask.path["delegatorId"])


async def _delegations(ask: Ask, kind: DelegationKind) -> Page[Delegation]:
    query = ask.query
    user = ask.path["userId"]
    return await ask.directory.delegation.list(ask.caller, user, kind, query.allowed_action or None, **query.page)


async def open_chat(ask: Ask) -> Made:
    chat, created = await ask.directory.chats.open(ask.caller, ask.body.members, ask.body.topic)
    return Made(201 if created else 200, chat)


async def list_meetings(ask: Ask) -> Page[Meeting]:
    query = ask.query
    start, end = query.window
    return await ask.directory.meetings.between(ask.caller, start, end, query.time_zone, **query.page)


# -- Tokens and identities --


async def create_teams_token(ask: Ask) -> Token:
    return await ask.directory.identities.teams_token(ask.caller, ask.body.entra_token)


async def create_identity(ask: Ask) -> Identity:
    made = await ask.directory.identities.create(ask.body.scopes, ask.body.minutes)
    await ask.directory.identity_owners.add(ask.caller, made.id)
    return made


async def create_token(ask: Ask) -> Token:
    return await ask.directory.identities.issue(await _own_identity(ask), ask.body.scopes, ask.body.minutes)


async def revoke_tokens(ask: Ask) -> None:
    await ask.directory.identities.revoke(await _own_identity(ask))


async def delete_identity(ask: Ask) -> None:
    id = await _own_identity(ask)
    await ask.directory.identities.delete(id)
    await ask.directory.identity_owners.remove(ask.caller, id)


async def _own_identity(ask: Ask) -> str:
    """The path's identity, if it is for the caller: a token for it makes one that user."""
    id = ask.path["identityId"]
    await ask.directory.identity_owners.check(ask.caller, id)
    return id


# -- Consent --


async def get_assignment(ask: Ask) -> AccessAssignment:
    return await ask.directory.consent.get(_own_tenant(ask), ask.path["objectId"])


async def put_assignment(ask: Ask) -> Made:
    tenant, body = _own_tenant(ask), ask.body
    assignment, created = await ask.directory.consent.grant(tenant, ask.path["objectId"], body.kind, body.client_ids)
    return Made(201 if created else 200, assignment)


async def delete_assignment(ask: Ask) -> None:
    await ask.directory.consent.revoke(_own_tenant(ask), ask.path["objectId"])


def _own_tenant(ask: Ask) -> str:
    """The path's tenant, if the caller may speak for it: holders of keys may for every one."""
    tenant = ask.path["tenantId"].lower()
    if ask.caller.tenant not in (None, tenant):
        raise UpstreamError(OTHER_TENANT)
    return tenant


def _found(what: Found | None) -> Found:
    if what is None:
        raise Problem("NotFound")
    return what


# -- The doctor --


async def get_diagnosis(ask: Ask) -> Report:
    from shared.doctor import diagnose  # noqa: PLC0415  # it is large, and seldom asked

    return await diagnose(ask.settings, ask.clients, ask.directory, ask.caller)
