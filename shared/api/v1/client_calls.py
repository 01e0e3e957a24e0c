"""Calls between an ACS user and a Teams user: their timelines. The app takes no part in these calls.

What the platform cannot do in them is refused with the reason (azure-docs, ``communication-services/concepts/
teams-interop-calling``, "Limitations and known issues").
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from shared.api.parameters import PageQuery
from shared.api.problems import Problem
from shared.api.route import SUPERVISORS, Paged, RequestContext, Route
from shared.calls.client_calls import ID_LENGTH, ClientCall, id_of
from shared.directory.models import Page

PAGE, LARGEST_PAGE = 50, 200
SERVER_CALL = "aHR0cHM6Ly9jb252"  # of the example
OF_CLIENT_CALL = {
    "clientCallId": Meta(
        pattern=f"^[0-9a-f]{{{ID_LENGTH}}}$",
        examples=[id_of(SERVER_CALL)],
        description="the id of the call in this app",
    )
}
PATH = "client-calls/{clientCallId}"
REFUSED = {
    "recordings": (
        "recordClientCall",
        "Record a call between clients, which the platform does not allow",
        "ACS call recording is not available for calls between an ACS user and a Teams user.",
    ),
    "participants": (
        "escalateClientCall",
        "Add a participant to a call between clients, which the platform does not allow",
        "A call between an ACS user and a Teams user cannot become a group call. Meet in a Teams meeting instead.",
    ),
    "transfers": (
        "forwardClientCall",
        "Forward a call between clients, which the platform does not allow",
        "Calls between an ACS user and a Teams user are not forwarded. Call an auto attendant or a call queue instead.",
    ),
}


class ClientCallsQuery(PageQuery, frozen=True, kw_only=True):
    day: Annotated[date, Meta(description="the day in UTC on which the calls began; by default today")] | UnsetType = (
        UNSET
    )


class ClientCallSummary(Struct, frozen=True, rename="camel", kw_only=True):
    """``started_by`` is a raw id. ``seconds`` is the duration that ACS reports. Who was called is not reported."""

    id: str
    state: Literal["started", "ended"]
    started_at: datetime | None
    ended_at: datetime | None
    seconds: float | None
    started_by: str | None
    two_party: bool | None


class ClientCallEntry(Struct, frozen=True, rename="camel"):
    """An event of the platform. ``participant`` is a raw id, of an ACS user."""

    at: datetime
    type: str
    participant: str | None


class ClientCallView(ClientCallSummary, frozen=True, rename="camel", kw_only=True):
    """``participants`` are the ACS users of the call: no events are raised for Teams users, numbers and bots."""

    participants: tuple[str, ...]
    timeline: tuple[ClientCallEntry, ...]


async def list_client_calls(context: RequestContext) -> Page[ClientCallSummary]:
    query = context.query
    day, size = query.day or context.container.today, min(query.page_size or PAGE, LARGEST_PAGE)
    store, tenant = context.container.client_call_store, context.caller.tenant
    rows = await store.of_day(day, size, query.continuation or "", tenant.lower() if tenant else None)
    following = rows[-1]["key"] if len(rows) == size else None
    return Page(tuple(_summary(row) for row in rows), following)


def _summary(row: dict[str, Any]) -> ClientCallSummary:
    known = {name: row[name] for name in ("started_at", "ended_at", "seconds", "started_by", "two_party")}
    return ClientCallSummary(id=row["id"], state="ended" if row["ended_at"] else "started", **known)


async def get_client_call(context: RequestContext) -> ClientCallView:
    call = await _visible(context)
    return ClientCallView(
        id=call.id,
        state="ended" if call.ended_at else "started",
        started_at=call.started_at,
        ended_at=call.ended_at,
        seconds=call.seconds,
        started_by=call.started_by,
        two_party=call.two_party,
        participants=call.participants,
        timeline=tuple(ClientCallEntry(each.at, each.type, each.participant) for each in call.timeline),
    )


async def _visible(context: RequestContext) -> ClientCall:
    """The call of the path. Raises Problem: a call of another tenant does not exist for the caller."""
    store, own = context.container.client_call_store, context.caller.tenant
    call = await store.read(context.path["clientCallId"])
    if not call.timeline or (own is not None and await store.tenant_of(call) != own.lower()):
        raise Problem("NotFound", "There is no such call among those that the caller sees.")
    return call


async def refuse_recording(context: RequestContext) -> None:
    await _refuse(context, "recordings")


async def refuse_participant(context: RequestContext) -> None:
    await _refuse(context, "participants")


async def refuse_transfer(context: RequestContext) -> None:
    await _refuse(context, "transfers")


async def _refuse(context: RequestContext, what: str) -> None:
    await _visible(context)
    raise Problem("NotAllowed", REFUSED[what][2])


_HANDLERS = {"recordings": refuse_recording, "participants": refuse_participant, "transfers": refuse_transfer}

ROUTES = (
    Route(
        "GET",
        "client-calls",
        "listClientCalls",
        SUPERVISORS,
        "List the calls between clients that began on a day, newest first",
        {200: Paged(ClientCallSummary)},
        list_client_calls,
        query=ClientCallsQuery,
    ),
    Route(
        "GET",
        PATH,
        "getClientCall",
        SUPERVISORS,
        "Get a call between clients, with its timeline",
        {200: ClientCallView},
        get_client_call,
        parameters=OF_CLIENT_CALL,
    ),
    *(
        Route(
            "POST",
            f"{PATH}/{what}",
            operation,
            SUPERVISORS,
            summary,
            {204: None},
            _HANDLERS[what],
            parameters=OF_CLIENT_CALL,
        )
        for what, (operation, summary, _) in REFUSED.items()
    ),
)
