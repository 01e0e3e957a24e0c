"""Calls that agents' clients make on behalf of a resource account: whom they call, and whether they may.

The client sends a request id in its custom context, by which it finds the call: a rejection says no more than *busy* or
*forbidden*.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from shared.calls.capabilities.lifecycle import IncomingCall
from shared.calls.capabilities.on_behalf_of import REQUEST_ID, CalledOnBehalf
from shared.calls.event import Event, own
from shared.calls.identities import tenant_of, user_of
from shared.platform.settings import Settings

if TYPE_CHECKING:
    from shared.service.outbound_guard import OutboundGuard

_ID = re.compile("[A-Za-z0-9_-]{1,64}")
FIELD = "onBehalfOfCallee"
MOST_CALLEES = 10
TOO_MANY = f"the client calls more than {MOST_CALLEES} at once"
NO_TENANT = "the tenant of the resource account is not known: its outbound rules cannot be read"


def is_on_behalf(event: Event, incoming: IncomingCall) -> bool:
    """Whether a client calls on behalf of the resource account, also if its callee cannot be read."""
    return incoming.on_behalf_of_callee is not None or any(name.startswith(FIELD) for name in event.unread)


def callees_of(incoming: IncomingCall) -> tuple[str, ...]:
    """The raw ids of those whom the client calls, each once."""
    named = incoming.on_behalf_of_callee or ()
    return tuple(dict.fromkeys(each.raw_id for each in (named if isinstance(named, tuple) else (named,))))


def tenant_in(incoming: IncomingCall) -> str | None:
    """The tenant of the agent who calls; None if the platform does not name an agent."""
    return tenant_of(incoming.from_.raw_id) if incoming.from_ else None


async def refusal(guard: OutboundGuard, incoming: IncomingCall, tenant: str | None) -> str:
    """Why the call is rejected; empty if it is answered, as is one without a callee, which ends then. ``tenant``: that
    of the resource account.
    """
    callees = callees_of(incoming)
    if not callees:
        return ""
    if len(callees) > MOST_CALLEES:
        return TOO_MANY
    if tenant is None:
        return NO_TENANT
    agent = user_of(incoming.from_.raw_id) if incoming.from_ else None
    return await guard.refusal(tenant, incoming.to.raw_id, agent, callees) or ""


def called(call_id: str, at: datetime, incoming: IncomingCall, settings: Settings, refused: str) -> Event:
    """The event with what the client asks for."""
    data = CalledOnBehalf(
        callees=() if refused == TOO_MANY else callees_of(incoming),
        ring_tone=settings.ring_tone or "",
        refusal=refused,
        request=_request(incoming),
    )
    return own(f"{call_id}/on behalf", at, data)


def _request(incoming: IncomingCall) -> str:
    from shared.service.choosing import headers_of
    from shared.storage.lists import request_name

    user = user_of(incoming.from_.raw_id) if incoming.from_ else None
    id = headers_of(incoming.custom_context).get(REQUEST_ID) if incoming.custom_context else None
    return request_name(user, id) if user and id and _ID.fullmatch(id) else ""
