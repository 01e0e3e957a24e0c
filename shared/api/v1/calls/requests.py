"""What has become of a call that an agent's client has made on behalf of a resource account."""

from __future__ import annotations

from msgspec import Meta, Struct

from shared.api.problems import Problem
from shared.api.route import AGENTS, RequestContext, Route
from shared.api.v1.calls.models import ResultView
from shared.api.v1.calls.view import view_of
from shared.calls.capabilities.on_behalf_of import REQUEST_ID
from shared.calls.state import CallState
from shared.storage.lists import request_name

OF_REQUEST = {
    "requestId": Meta(
        pattern="^[A-Za-z0-9_-]{1,64}$",
        examples=["3f2b8a52-7f0e-4f6c-9d0e-0c8a2c1c7b11"],
        description=f"what the client has sent as `{REQUEST_ID}` in the VoIP headers of the call: 1 to 64 letters, "
        "digits, `-` and `_`",
    )
}


class RequestView(Struct, frozen=True, rename="camel"):
    """``refusal``: why the app has rejected the call; null if it has not. ``result``: how it has ended."""

    call_id: str
    state: CallState
    refusal: str | None
    result: ResultView | None


async def get_request(context: RequestContext) -> RequestView:
    name = request_name(context.caller.id, context.path["requestId"])
    call_id = await context.container.call_lists.of_request(name)
    row = await context.commands.read(call_id) if call_id else None
    if row is None or row.call is None:
        raise Problem("NotFound", "The caller has made no call with this request id, or the app has not saved it yet.")
    refusal = row.call.on_behalf_of.refusal or None
    return RequestView(row.call.id, row.call.state, refusal, view_of(row.call).result)


ROUTES = (
    Route(
        "GET",
        "call-requests/{requestId}",
        "getCallRequest",
        AGENTS,
        "Get the call that the caller's client has made on behalf of a resource account, and why it was rejected",
        {200: RequestView},
        get_request,
        parameters=OF_REQUEST,
    ),
)
