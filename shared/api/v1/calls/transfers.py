"""Transfers of a call: requested, and listed with their states."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType, field

from shared.acs.participants import CALL_ID_HEADER
from shared.api.route import AGENTS, RequestContext, Result, Route, Strict
from shared.api.v1.calls.access import visible_call
from shared.api.v1.calls.command import state_of, submitted
from shared.api.v1.calls.models import OperationState, TransfersView, TransferView
from shared.api.v1.calls.parameters import OF_CALL
from shared.api.v1.calls.targets import Target, raw_id_of
from shared.api.v1.calls.view import party_of, shown
from shared.calls import commands
from shared.calls.actions import CustomContext, TransferCall
from shared.calls.capabilities import Call

# Limits of ACS (azure-docs, ``communication-services/how-tos/call-automation/custom-context.md``), which has room for
# 1000 VoIP headers; rows have not. Names that begin with X-MS-, other than X-MS-Custom-, are reserved.
LONGEST_TOPIC, MOST_DETAILS = 48, 10  # ACS ignores the rest (SDK 1.6.0, TeamsPhoneCallDetails)
_NAME = r"[A-Za-z0-9.!%*_+~-]"
SipName = Annotated[str, Meta(pattern=rf"^(User-To-User|X-MS-Custom-{_NAME}{{1,52}}|X-(?!MS-){_NAME}{{1,62}})$")]
VoipName = Annotated[str, Meta(pattern=rf"^{_NAME}{{1,64}}$")]
SipHeaders = Annotated[
    dict[SipName, Annotated[str, Meta(pattern=r"^[A-Za-z0-9=;.!%*_+~-]{0,256}$")]],
    Meta(max_length=6, description="for a phone number: up to 5 headers, and User-To-User", examples=[{}]),
]
VoipHeaders = Annotated[
    dict[VoipName, Annotated[str, Meta(max_length=1024)]],
    Meta(max_length=10, description="for a Teams identity; X-Call-Id is added by the app", examples=[{}]),
]
Topic = Annotated[str, Meta(max_length=LONGEST_TOPIC, description="what Teams shows while the call rings")]
Details = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=64)], Annotated[str, Meta(max_length=256)]],
    Meta(max_length=MOST_DETAILS, description="what Teams shows beside the call", examples=[{}]),
]


class NewTransfer(Strict, frozen=True):
    """``transferee`` is who is transferred: the only participant besides the app by default."""

    target: Target
    transferee: Target | UnsetType = UNSET
    voip_headers: VoipHeaders = field(default_factory=dict)
    sip_headers: SipHeaders = field(default_factory=dict)
    topic: Topic = ""
    details: Details = field(default_factory=dict)

    def __post_init__(self) -> None:
        if any(name.lower() == CALL_ID_HEADER.lower() for name in self.voip_headers):
            raise ValueError(f"in voipHeaders, {CALL_ID_HEADER} is set by the app")


async def transfer(context: RequestContext) -> Result:
    call, body = await visible_call(context), context.body
    given = CustomContext(body.voip_headers, body.sip_headers, body.topic, body.details)
    transferee = raw_id_of(context, call, body.transferee) if body.transferee else None
    return await submitted(context, TransferCall(raw_id_of(context, call, body.target), transferee, given))


async def get_transfers(context: RequestContext) -> TransfersView:
    call = await visible_call(context)
    requested = [(id, each.action) for id, each in commands.in_order(call)]
    views = tuple(_view(call, id, action) for id, action in requested if isinstance(action, TransferCall))
    last = call.transfer.last
    return TransfersView(views, last.at if last else None)


def _view(call: Call, id: str, action: TransferCall) -> TransferView:
    return TransferView(
        operation=state_of(call, id), target=shown(action.target), transferee=party_of(action.transferee)
    )


ROUTES = (
    Route(
        "GET",
        "calls/{callId}/transfers",
        "getTransfers",
        AGENTS,
        "List the transfers of a call",
        {200: TransfersView},
        get_transfers,
        parameters=OF_CALL,
    ),
    Route(
        "POST",
        "calls/{callId}/transfers",
        "transferCall",
        AGENTS,
        "Transfer a participant to an agent, a number or another resource account",
        {200: OperationState, 202: OperationState},
        transfer,
        parameters=OF_CALL,
        body=NewTransfer,
        command=True,
    ),
)
