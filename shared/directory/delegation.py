"""Call delegation: the delegates and delegators of a user (Microsoft Graph beta).

CallDelegation.Read is a delegated permission only, so every request is on behalf of a signed-in user. Users may read
their own settings, Teams Telephony Administrators those of others. AllowDelegation of the user's Teams calling policy
must be on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, get_args

from msgspec import Meta, Struct

from shared.directory.caller import Caller
from shared.directory.checks import guid, not_valid, read, top, user_path
from shared.directory.errors import UpstreamError, entry_for
from shared.directory.graph import Graph
from shared.directory.models import Action, AllowedActions, Delegation, DelegationKind, Page
from shared.directory.on_behalf_of import GraphCredentials

ACTIONS: tuple[Action, ...] = get_args(Action)
KINDS: tuple[DelegationKind, ...] = get_args(DelegationKind)
FORBIDDEN = entry_for("Graph", "Forbidden")


class _Settings(Struct, rename="camel"):
    """delegationSettings of Graph. An action that is absent is not allowed."""

    id: str
    is_active: bool = False
    created_date_time: Annotated[datetime, Meta(tz=True)] | None = None
    allowed_actions: AllowedActions | None = None


class Delegations:
    """``user`` is an object id or ``me``."""

    def __init__(self, graph: Graph, credentials: GraphCredentials) -> None:
        self._graph, self._credentials = graph, credentials

    async def list(
        self,
        caller: Caller,
        user: str,
        kind: DelegationKind,
        action: Action | None = None,
        *,
        page_size: int | None = None,
        continuation: str | None = None,
    ) -> Page[Delegation]:
        """The delegates or delegators of a user; with an action, those who are allowed it."""
        path, params = _path(user, kind), top(page_size) | _filter(action)
        credential = self._credentials.on_behalf_of(caller)
        with _explained():
            settings, following = await self._graph.page(path, credential, params, continuation=continuation)
        return Page(tuple(_delegation(read(each, _Settings)) for each in settings), following)

    async def get(self, caller: Caller, user: str, kind: DelegationKind, id: str) -> Delegation:
        path = f"{_path(user, kind)}/{guid(id, f'the id of one of the {kind}')}"
        credential = self._credentials.on_behalf_of(caller)
        with _explained():
            return _delegation(read(await self._graph.get(path, credential), _Settings))


@contextmanager
def _explained() -> Iterator[None]:
    """Graph's 403 has three causes with one code, and its remedy names two of them: add the third."""
    try:
        yield
    except UpstreamError as error:
        if error.entry != FORBIDDEN:
            raise
        also = "AllowDelegation of the user's Teams calling policy may also be off"
        raise UpstreamError(FORBIDDEN, status=error.status, request_id=error.request_id, detail=also) from None


def _path(user: str, kind: DelegationKind) -> str:
    if kind not in KINDS:
        raise not_valid(f"the kind must be one of {', '.join(KINDS)}")
    return f"beta/{user_path(user)}/communications/callSettings/{kind}"


def _filter(action: Action | None) -> dict[str, str]:
    if action is None:
        return {}
    if action not in ACTIONS:
        raise not_valid(f"allowedAction must be one of {', '.join(ACTIONS)}")
    return {"$filter": f"allowedActions/{action} eq true"}


def _delegation(settings: _Settings) -> Delegation:
    created = settings.created_date_time.astimezone(UTC) if settings.created_date_time else None
    return Delegation(settings.id, settings.is_active, created, settings.allowed_actions or AllowedActions())
