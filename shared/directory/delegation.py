"""Call delegation: who may handle a user's calls, and whose calls a user may handle (Microsoft Graph beta).

There is no application permission for it (CallDelegation.Read is delegated only), so that it is always a signed-in
user who asks. Their own settings everybody may read; those of others, Teams Telephony Administrators. In Teams the
policy AllowDelegation of the user's calling policy must allow it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, get_args

from msgspec import Meta, Struct

from shared.calls.result_codes import refusal
from shared.directory.checks import guid, not_valid, read, top, user_path
from shared.directory.graph import Graph, Refused
from shared.directory.models import Action, AllowedActions, Delegation, DelegationKind, Page
from shared.directory.sign_in import Caller, SignIn

ACTIONS: tuple[Action, ...] = get_args(Action)
KINDS: tuple[DelegationKind, ...] = get_args(DelegationKind)
FORBIDDEN = refusal("Graph", "Forbidden")


class _Settings(Struct, rename="camel"):
    """delegationSettings of Graph. What it leaves out is not allowed."""

    id: str
    is_active: bool = False
    created_date_time: Annotated[datetime, Meta(tz=True)] | None = None
    allowed_actions: AllowedActions | None = None


class Delegations:
    """``user`` is an object id, a user principal name, or ``me``."""

    def __init__(self, graph: Graph, sign_in: SignIn) -> None:
        self._graph, self._sign_in = graph, sign_in

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
        """The delegates or delegators of a user; with an action, those for whom it is allowed."""
        path, params = _path(user, kind), top(page_size) | _filter(action)
        credential = self._sign_in.on_behalf_of(caller)
        with _explained():
            settings, following = await self._graph.page(path, credential, params, continuation=continuation)
        return Page(tuple(_delegation(read(each, _Settings)) for each in settings), following)

    async def get(self, caller: Caller, user: str, kind: DelegationKind, id: str) -> Delegation:
        path = f"{_path(user, kind)}/{guid(id, f'the id of one of the {kind}')}"
        credential = self._sign_in.on_behalf_of(caller)
        with _explained():
            return _delegation(read(await self._graph.get(path, credential), _Settings))


@contextmanager
def _explained() -> Iterator[None]:
    """Graph's 403 has three causes, of which its code does not tell which it is, and the remedy names but two."""
    try:
        yield
    except Refused as refused:
        if refused.refusal != FORBIDDEN:
            raise
        also = "AllowDelegation of the user's Teams calling policy can be off, too"
        raise Refused(FORBIDDEN, status=refused.status, request_id=refused.request_id, detail=also) from None


def _path(user: str, kind: DelegationKind) -> str:
    if kind not in KINDS:
        raise not_valid(f"there are {' and '.join(KINDS)} only")
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
