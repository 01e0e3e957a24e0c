"""The two kinds of events: callbacks of Call Automation, and events of the resource's system topic."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from emulator.acs.calls import Call
from emulator.acs.identifiers import Identifier, unknown
from emulator.acs.results import Result
from emulator.clock import stamp

TOPIC_SOURCE = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/emulator"
    "/providers/Microsoft.Communication/communicationServices/emulator"
)
DATA_VERSION = "2026-03-12"  # the `version` of callback data: the api-version, as recorded


def cloud_event(type: str, data: dict[str, Any], *, id: str, source: str, subject: str, time: str) -> dict[str, Any]:
    return {
        "id": id,
        "source": source,
        "type": f"Microsoft.Communication.{type}",
        "subject": subject,
        "time": time,
        "specversion": "1.0",
        "datacontenttype": "application/json",
        "data": data,
    }


def callback_data(
    call: Call, type: str, data: dict[str, Any], *, context: str | None, result: Result
) -> dict[str, Any]:
    """``data`` of a callback: what every one of them has, and what this type adds."""
    return {
        "version": DATA_VERSION,
        "publicEventType": f"Microsoft.Communication.{type}",
        "callConnectionId": call.connection_id,
        "serverCallId": call.server_call_id,
        "correlationId": call.correlation_id,
        "resultInformation": result.describe(),
        **({} if context is None else {"operationContext": context}),
        **data,
    }


def system_event(type: str, subject: str, data: dict[str, Any], *, id: str, at: datetime) -> dict[str, Any]:
    """A CloudEvent of the resource's system topic."""
    return cloud_event(type, data, id=id, source=TOPIC_SOURCE, subject=subject, time=stamp(at))


def incoming_call(
    call: Call,
    display_name: str,
    on_behalf_of: Identifier | list[Identifier] | None,
    custom_context: dict[str, Any] | None,
) -> tuple[str, dict[str, Any]]:
    """Subject and data of IncomingCall. Without custom headers it has no customContext, as recorded."""
    data: dict[str, Any] = {
        "to": unknown(call.target) if call.kind == "tpe" else call.target,
        "from": call.source,
        "serverCallId": call.server_call_id,
        "callerDisplayName": display_name,
        "incomingCallContext": call.context,
        "correlationId": call.correlation_id,
    }
    if custom_context:
        data["customContext"] = custom_context
    if on_behalf_of:
        data["onBehalfOfCallee"] = on_behalf_of
    return f"/caller/{call.source['rawId']}/recipient/{call.target['rawId']}", data
