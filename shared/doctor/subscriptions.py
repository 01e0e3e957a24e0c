"""The Event Grid subscription of every function, compared with ``infra/local.json``, which is deployed with the app.

Azure Resource Manager lists the subscriptions: REST operations "Topic Event Subscriptions - List By Topic" and "System
Topic Event Subscriptions - List By System Topic".
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from shared.directory.errors import UpstreamError
from shared.doctor import commands
from shared.doctor.context import NOT_FOUND, DiagnosisContext, code_of
from shared.doctor.report import Finding, fine, unseen, wrong

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

EXPECTED = Path(__file__).parents[2] / "infra/local.json"
API_VERSION = "2025-02-15"  # as in infra/modules/*-subscriptions.bicep
# The ways to list a topic's subscriptions. For a custom topic the role EventGrid EventSubscription Reader suffices; a
# system topic has one way only, which needs Reader.
NESTED, BY_RESOURCE = "/eventSubscriptions", "/providers/Microsoft.EventGrid/eventSubscriptions"
WAYS = {"acs": (NESTED,), "call-events": (BY_RESOURCE, NESTED)}  # the second if the first lists none
OK = 200
ROLES = {"acs": "Reader", "call-events": "EventGrid EventSubscription Reader"}
TOPIC_SECONDS = 4.5
PAGES = 10  # of subscriptions, at most
CLOUD_EVENTS = "CloudEventSchemaV1_0"
CALLEE = "data.to.rawId"  # the key of the filter of incoming_call's subscription


async def subscriptions(context: DiagnosisContext) -> list[Finding]:
    expected = json.loads(EXPECTED.read_text())["subscriptions"]
    of_topics = await asyncio.gather(
        _of_topic(context, expected, "acs", "ACS_SYSTEM_TOPIC_ID", context.settings.acs_system_topic_id),
        _of_topic(context, expected, "call-events", "EVENTS_TOPIC_ID", context.settings.events_topic_id),
    )
    return [finding for findings in of_topics for finding in findings]


async def _of_topic(
    context: DiagnosisContext, expected: list[dict[str, Any]], name: str, setting: str, topic_id: str | None
) -> list[Finding]:
    if topic_id is None:
        remedy = f"Set {setting} to the topic's resource id, and give the app the role {ROLES[name]} on it."
        return [unseen(f"{setting} is not set", remedy, commands.set_setting(setting), about=name)]
    try:
        async with asyncio.timeout(TOPIC_SECONDS):
            listed = await _listed(context, name, setting, topic_id)
    except TimeoutError:
        return [unseen("Entra or Azure Resource Manager did not respond in time", "Run the doctor again.", about=name)]
    if isinstance(listed, Finding):
        return [listed]
    left_out = set() if context.settings.client_calls else {"client_call"}
    wanted = [each for each in expected if each["topic"] == name and each["function"] not in left_out]
    return [_compare(context, each, listed) for each in wanted]


async def _listed(context: DiagnosisContext, name: str, setting: str, topic_id: str) -> list[dict[str, Any]] | Finding:
    """The topic's subscriptions, or the finding that they are not visible."""
    manager = context.settings.resource_manager_endpoint
    try:
        token = (await _credential(context).get_token(f"{manager}/.default")).token
        for way in WAYS[name]:
            status, there = await _pages(context, f"{manager}{topic_id}{way}", token)
            if there or status != OK:
                break
    except UpstreamError as error:
        return unseen(f"there is no token for Azure Resource Manager: {error.entry.meaning}", about=name)
    except AzureError as error:
        remedy = "Check RESOURCE_MANAGER_ENDPOINT, and that the network lets the app reach it."
        command = commands.remove_setting("RESOURCE_MANAGER_ENDPOINT")
        return unseen(f"Azure Resource Manager returns an error: {code_of(error)}", remedy, command, about=name)
    return there if status == OK else _not_listed(name, setting, topic_id, status)


async def _pages(context: DiagnosisContext, url: str, token: str) -> tuple[int, list[dict[str, Any]]]:
    there, manager = list[dict[str, Any]](), context.settings.resource_manager_endpoint
    params = {"api-version": API_VERSION}
    for _ in range(PAGES):
        status, answer = await context.request("GET", url, token=token, params=params)
        if status != OK or not isinstance(answer, dict):
            return status if status != OK else 0, []
        there += [each.get("properties", {}) | {"name": each.get("name")} for each in answer.get("value", [])]
        url, params = str(answer.get("nextLink") or ""), {}
        if not url.startswith(f"{manager}/"):  # the token is sent to Azure Resource Manager only
            break
    return OK, there


def _credential(context: DiagnosisContext) -> AsyncTokenCredential:
    """The app's identity; with the emulated Entra, which has none, the API's registration."""
    settings = context.settings
    if settings.api_client_secret:
        return context.directory.credentials.as_app(settings.api_tenants[0])
    return context.clients.credential


def _not_listed(name: str, setting: str, topic_id: str, status: int) -> Finding:
    if status == NOT_FOUND:
        remedy = f"Set {setting} to the topic's resource id."
        return wrong(f"there is no topic with this id: {setting}", remedy, commands.set_setting(setting), about=name)
    return unseen(
        f"Azure Resource Manager returns an error: {status}",
        f"Give the app's identity the role {ROLES[name]} on the topic.",
        commands.give_role(ROLES[name], topic_id),
        about=name,
    )


def _compare(context: DiagnosisContext, wanted: dict[str, Any], there: list[dict[str, Any]]) -> Finding:
    function = wanted["function"]
    own = function.replace("_", "-")
    matching = [each for each in there if _target(each) == function]
    subscribed = next((each for each in matching if each["name"] in (own, function)), matching[0] if matching else None)
    if subscribed is None:
        other = next((each for each in there if each["name"] in (own, function)), None)
        what = "it has no subscription" if other is None else f"its subscription delivers to {_target(other)}"
        return wrong(
            f"{what}: its events are lost", "Create the subscription again.", commands.SUBSCRIBE, about=function
        )
    faults = list(_faults(context, wanted, subscribed))
    if faults:
        remedy = "Deploy the subscriptions again, as infra/local.json defines them."
        return wrong("; ".join(faults), remedy, commands.SUBSCRIBE, about=function)
    return fine("its subscription is as defined", function)


def _target(subscribed: dict[str, Any]) -> str:
    """The function that it delivers to, or the kind of another destination."""
    delivery = subscribed.get("deliveryWithResourceIdentity") or {}
    destination = subscribed.get("destination") or delivery.get("destination") or {}
    resource = str((destination.get("properties") or {}).get("resourceId") or "")
    return resource.rpartition("/functions/")[2] or f"a {destination.get('endpointType', 'nothing')}"


def _faults(context: DiagnosisContext, wanted: dict[str, Any], subscribed: dict[str, Any]) -> Iterator[str]:
    state = subscribed.get("provisioningState", "Succeeded")
    if state != "Succeeded":
        yield f"it is not ready: {state}"
    if subscribed.get("eventDeliverySchema") != CLOUD_EVENTS:
        yield f"it delivers {subscribed.get('eventDeliverySchema')} instead of {CLOUD_EVENTS}"
    chosen = subscribed.get("filter") or {}
    yield from _filter_faults(wanted, chosen)
    retries = subscribed.get("retryPolicy") or {}
    for name, key in (("maxDeliveryAttempts", "max_attempts"), ("eventTimeToLiveInMinutes", "ttl_minutes")):
        if retries.get(name) != wanted[key]:
            yield f"{name} is {retries.get(name)} instead of {wanted[key]}"
    yield from _dead_letter_faults(context.settings.deadletters_container, subscribed)
    if wanted["function"] == "incoming_call":
        yield from _callee_faults(context, chosen)


def _filter_faults(wanted: dict[str, Any], chosen: dict[str, Any]) -> Iterator[str]:
    given, types = chosen.get("includedEventTypes"), wanted.get("event_types")
    if types is not None and set(given or ()) != set(types):
        yield "its event types are not as defined"
    if types is None and given:
        yield "it includes some event types only"
    if chosen.get("subjectBeginsWith") or chosen.get("subjectEndsWith"):
        yield "it is filtered by subject"
    if _values(chosen, "StringNotIn") != set(wanted.get("event_types_except", ())):
        yield "it does not exclude the event types of other functions"
    if _values(chosen, "StringBeginsWith") != set(wanted.get("event_types_begin_with", ())):
        yield "it does not leave out the events for other applications"


def _values(chosen: dict[str, Any], operator: str) -> set[str]:
    """The values of the filters by event type with this operator."""
    return {
        value
        for each in chosen.get("advancedFilters") or ()
        if each.get("operatorType") == operator and str(each.get("key", "")).lower() in ("type", "eventtype")
        for value in each.get("values") or ()
    }


def _dead_letter_faults(container: str, subscribed: dict[str, Any]) -> Iterator[str]:
    by_identity = (subscribed.get("deadLetterWithResourceIdentity") or {}).get("deadLetterDestination")
    destination = by_identity or subscribed.get("deadLetterDestination")
    if not destination:
        yield "it has no dead-letter destination: undeliverable events are lost"
    elif (destination.get("properties") or {}).get("blobContainerName") != container:
        yield f"its dead letters do not go to the container {container}"


def _callee_faults(context: DiagnosisContext, chosen: dict[str, Any]) -> Iterator[str]:
    """Calls of resource accounts that the filter excludes never reach the app."""
    filters = [
        set(each.get("values") or ()) for each in chosen.get("advancedFilters") or () if each.get("key") == CALLEE
    ]
    if not filters:
        return
    served = {account.rpartition(":")[2].lower() for account in context.settings.call_policy.accounts}
    for values in filters:
        passed = {str(value).rpartition(":")[2].lower() for value in values}
        if not served or not served <= passed:
            yield "its filter excludes resource accounts that RESOURCE_ACCOUNTS includes"
