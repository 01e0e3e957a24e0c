"""Event subscriptions as Azure Resource Manager lists them, made from the state of the emulated Event Grid.

Shapes: REST API of Microsoft.EventGrid 2025-02-15, "Topic Event Subscriptions - List", "System Topic Event
Subscriptions - List By System Topic", "Event Subscriptions - List By Resource"; errors: "Common deployment errors".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from emulator.eventgrid import EventGrid
from emulator.eventgrid.config import Subscription, Topic
from emulator.faults import Faults
from emulator.journal import Journal

FUNCTION_APP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/local"
STORAGE = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/local"
OPERATION = "ListEventSubscriptions"
DEAD_LETTERS = "deadletters"
KINDS = {"topics": "custom", "systemtopics": "system"}
SCHEMAS = {"cloudevents": "CloudEventSchemaV1_0", "eventgrid": "EventGridSchema"}

_TOPIC = "/subscriptions/{subscription}/resourceGroups/{group}/providers/{provider:[Mm]icrosoft.[Ee]vent[Gg]rid}"
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")

Verify = Callable[[str], Any]


class ArmError(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code

    def answer(self) -> web.Response:
        return web.json_response({"error": {"code": self.code, "message": str(self)}}, status=self.status)


class Arm:
    """``verify`` raises ValueError for a bearer token that the emulated Entra did not issue, or that has expired."""

    def __init__(self, grid: EventGrid, verify: Verify, faults: Faults, journal: Journal) -> None:
        self._grid, self._verify, self._faults, self._journal = grid, verify, faults, journal

    def routes(self) -> list[web.RouteDef]:
        topic = f"{_TOPIC}/{{kind:[tT]opics|[sS]ystem[tT]opics}}/{{topic}}"
        return [
            web.get(f"{topic}/eventSubscriptions", self._list),
            web.get(f"{topic}/providers/Microsoft.EventGrid/eventSubscriptions", self._list),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        try:
            answer = self._answer(request)
            code = None
        except ArmError as error:
            answer, code = error.answer(), error.code
        status = answer.status
        self._journal.add("arm.request", operation=OPERATION, path=request.path, status=status, error=code)
        return answer

    def _answer(self, request: web.Request) -> web.Response:
        self._authenticate(request)
        self._inject_fault()
        if not _VERSION.fullmatch(request.query.get("api-version", "")):
            message = "The api-version query parameter (?api-version=) is required for all requests."
            raise ArmError(400, "MissingApiVersionParameter", message)
        topic = self._topic(request)
        there = (each for each in self._grid.subscriptions() if each.subscription.topic == topic.name)
        return web.json_response({"value": [_described(request, each.subscription, each.ready) for each in there]})

    def _authenticate(self, request: web.Request) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise ArmError(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        try:
            self._verify(token)
        except ValueError:
            raise ArmError(401, "InvalidAuthenticationToken", "The access token is invalid.") from None

    def _inject_fault(self) -> None:
        fault = self._faults.take("arm", operation=OPERATION)
        if fault is not None:
            status = int(fault.with_.get("status", 403))
            message = str(fault.with_.get("message", "The client does not have authorization to perform the action."))
            raise ArmError(status, str(fault.with_.get("code", "AuthorizationFailed")), message)

    def _topic(self, request: web.Request) -> Topic:
        topic = self._grid.topics.get(request.match_info["topic"])
        if topic is None or topic.kind != KINDS[request.match_info["kind"].lower()]:
            raise ArmError(404, "ResourceNotFound", f"The Resource '{request.path}' was not found.")
        return topic


def _described(request: web.Request, subscription: Subscription, ready: bool) -> dict[str, Any]:
    topic = request.path.removesuffix("/eventSubscriptions").removesuffix("/providers/Microsoft.EventGrid")
    where = {name: request.match_info[name] for name in ("subscription", "group")}
    name = subscription.name.replace("_", "-")  # as the deployment names them: an underscore is not allowed
    properties: dict[str, Any] = {
        "topic": topic,
        "provisioningState": "Succeeded" if ready else "AwaitingManualAction",
        "destination": _destination(subscription, FUNCTION_APP.format(**where)),
        "filter": _filter(subscription),
        "eventDeliverySchema": SCHEMAS[subscription.schema],
        "retryPolicy": {
            "maxDeliveryAttempts": subscription.max_attempts,
            "eventTimeToLiveInMinutes": subscription.ttl_minutes,
        },
    }
    if subscription.dead_letter:
        kept = {"resourceId": STORAGE.format(**where), "blobContainerName": DEAD_LETTERS}
        destination = {"endpointType": "StorageBlob", "properties": kept}
        properties["deadLetterWithResourceIdentity"] = {
            "identity": {"type": "SystemAssigned"},
            "deadLetterDestination": destination,
        }
    kind = f"Microsoft.EventGrid/{request.match_info['kind']}/eventSubscriptions"
    return {"id": f"{topic}/eventSubscriptions/{name}", "name": name, "type": kind, "properties": properties}


def _destination(subscription: Subscription, app: str) -> dict[str, Any]:
    if subscription.function is None:
        return {"endpointType": "WebHook", "properties": {"endpointBaseUrl": subscription.endpoint.partition("?")[0]}}
    batch = {"maxEventsPerBatch": subscription.max_events_per_batch, "preferredBatchSizeInKilobytes": 64}
    return {
        "endpointType": "AzureFunction",
        "properties": {"resourceId": f"{app}/functions/{subscription.function}", **batch},
    }


def _filter(subscription: Subscription) -> dict[str, Any]:
    types, left_out = subscription.event_types, sorted(subscription.event_types_except)
    begins = sorted(subscription.event_types_begin_with)
    advanced = [{"operatorType": "StringBeginsWith", "key": "type", "values": begins}] if begins else []
    advanced += [{"operatorType": "StringNotIn", "key": "type", "values": left_out}] if left_out else []
    return {
        "subjectBeginsWith": subscription.subject_begins_with,
        "subjectEndsWith": subscription.subject_ends_with,
        "includedEventTypes": None if types is None else sorted(types),
        "advancedFilters": advanced,
    }
