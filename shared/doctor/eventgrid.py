"""Event Grid: the topic takes what the app publishes, and every function is subscribed to its events as it should be.

What should be subscribed stands in ``infra/local.json``, which is deployed with the app; what is, Azure Resource
Manager tells ("Topic Event Subscriptions - List By Topic", "System Topic Event Subscriptions - List By System Topic").
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError, HttpResponseError

from shared.directory.errors import UpstreamError
from shared.doctor import commands
from shared.doctor.patient import FORBIDDEN, NOT_FOUND, UNAUTHORIZED, Patient, code_of, status_of
from shared.doctor.report import Finding, fine, unseen, wrong
from shared.platform import clock

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

PROBE = (
    "TeamsPhone.Doctor.Probe"  # local.json's call_progressed, which takes what no other function does, leaves it out
)
EXPECTED = Path(__file__).parents[2] / "infra/local.json"
API_VERSION = "2025-02-15"  # as in infra/modules/*-subscriptions.bicep
# How a topic's subscriptions are listed. For a custom topic EventGrid EventSubscription Reader will do; for a system
# topic there is no such way, and no narrower role than Reader.
NESTED, BY_RESOURCE = "/eventSubscriptions", "/providers/Microsoft.EventGrid/eventSubscriptions"
WAYS = {"acs": (NESTED,), "call-events": (BY_RESOURCE, NESTED)}  # the second, should the first know of none
OK = 200
ROLES = {"acs": "Reader", "call-events": "EventGrid EventSubscription Reader"}
TOPIC_SECONDS = 4.5
PAGES = 10  # of subscriptions, at most
CLOUD_EVENTS = "CloudEventSchemaV1_0"
CALLEE = "data.to.rawId"  # what the subscription of incoming_call is filtered by


async def topic(patient: Patient) -> list[Finding]:
    """A probe is published, of a type that nobody is subscribed to."""
    settings = patient.settings
    probe = {
        "id": str(uuid.uuid4()),
        "source": "/doctor",
        "type": PROBE,
        "specversion": "1.0",
        "time": clock.now().isoformat(),
        "data": {},
    }
    try:
        await patient.clients.topic.send([probe])
    except HttpResponseError as error:
        what = f"the topic does not take what the app publishes: {code_of(error)}"
        if status_of(error) not in (UNAUTHORIZED, FORBIDDEN):
            remedy = "Set EVENTS_TOPIC_ENDPOINT to the custom topic of the call events."
            return [wrong(what, remedy, commands.set_setting("EVENTS_TOPIC_ENDPOINT"))]
        if settings.topic_key:
            remedy = "Set EVENTS_TOPIC_KEY to the key of the emulated topic."
            return [wrong(what, remedy, commands.set_setting("EVENTS_TOPIC_KEY"), about="EVENTS_TOPIC_KEY")]
        scope = commands.topic_scope(settings)
        return [
            wrong(
                what,
                "Give the app's identity the role EventGrid Data Sender on the topic.",
                commands.give_role("EventGrid Data Sender", scope),
            )
        ]
    except AzureError as error:
        return [
            wrong(
                f"nobody answers at EVENTS_TOPIC_ENDPOINT: {code_of(error)}",
                "Check EVENTS_TOPIC_ENDPOINT, and whether the network lets the app reach it.",
                commands.set_setting("EVENTS_TOPIC_ENDPOINT"),
                about="EVENTS_TOPIC_ENDPOINT",
            )
        ]
    return [fine("it takes what the app publishes")]


# -- Subscriptions -------------------------------------------------------------------------------------------


async def subscriptions(patient: Patient) -> list[Finding]:
    expected = json.loads(EXPECTED.read_text())["subscriptions"]
    of_topics = await asyncio.gather(
        _of_topic(patient, expected, "acs", "ACS_SYSTEM_TOPIC_ID", patient.settings.acs_system_topic_id),
        _of_topic(patient, expected, "call-events", "EVENTS_TOPIC_ID", patient.settings.events_topic_id),
    )
    return [finding for findings in of_topics for finding in findings]


async def _of_topic(
    patient: Patient, expected: list[dict[str, Any]], name: str, setting: str, topic_id: str | None
) -> list[Finding]:
    if topic_id is None:
        remedy = f"Set {setting} to the topic's resource id, and give the app the role {ROLES[name]} on it."
        return [unseen(f"{setting} is not set", remedy, commands.set_setting(setting), about=name)]
    try:
        async with asyncio.timeout(TOPIC_SECONDS):
            there = await _listed(patient, name, setting, topic_id)
    except TimeoutError:
        return [unseen("neither Entra nor Azure Resource Manager told in time", "Run the doctor again.", about=name)]
    if isinstance(there, Finding):
        return [there]
    return [_compare(patient, each, there) for each in expected if each["topic"] == name]


async def _listed(patient: Patient, name: str, setting: str, topic_id: str) -> list[dict[str, Any]] | Finding:
    """The topic's subscriptions, or why they can't be seen."""
    manager = patient.settings.resource_manager_endpoint
    try:
        token = (await _credential(patient).get_token(f"{manager}/.default")).token
        for way in WAYS[name]:
            status, there = await _pages(patient, f"{manager}{topic_id}{way}", token)
            if there or status != OK:
                break
    except UpstreamError as error:
        return unseen(f"there is no token to ask Azure Resource Manager with: {error.entry.meaning}", about=name)
    except AzureError as error:
        remedy = "Check RESOURCE_MANAGER_ENDPOINT, and whether the network lets the app reach it."
        command = commands.remove_setting("RESOURCE_MANAGER_ENDPOINT")
        return unseen(f"Azure Resource Manager does not tell: {code_of(error)}", remedy, command, about=name)
    return there if status == OK else _not_listed(name, setting, topic_id, status)


async def _pages(patient: Patient, url: str, token: str) -> tuple[int, list[dict[str, Any]]]:
    there, manager = list[dict[str, Any]](), patient.settings.resource_manager_endpoint
    params = {"api-version": API_VERSION}
    for _ in range(PAGES):
        status, answer = await patient.ask("GET", url, token=token, params=params)
        if status != OK or not isinstance(answer, dict):
            return status if status != OK else 0, []
        there += [each.get("properties", {}) | {"name": each.get("name")} for each in answer.get("value", [])]
        url, params = str(answer.get("nextLink") or ""), {}
        if not url.startswith(f"{manager}/"):  # the token goes to nobody else
            break
    return OK, there


def _credential(patient: Patient) -> AsyncTokenCredential:
    """The app's identity; with an emulated Entra, which knows none, the API's registration."""
    settings = patient.settings
    if settings.api_client_secret:
        return patient.directory.credentials.as_app(settings.api_tenants[0])
    return patient.clients.credential


def _not_listed(name: str, setting: str, topic_id: str, status: int) -> Finding:
    if status == NOT_FOUND:
        remedy = f"Set {setting} to the topic's resource id."
        return wrong(f"there is no topic with this id: {setting}", remedy, commands.set_setting(setting), about=name)
    return unseen(
        f"Azure Resource Manager does not tell: {status}",
        f"Give the app's identity the role {ROLES[name]} on the topic.",
        commands.give_role(ROLES[name], topic_id),
        about=name,
    )


def _compare(patient: Patient, wanted: dict[str, Any], there: list[dict[str, Any]]) -> Finding:
    function = wanted["function"]
    own = function.replace("_", "-")
    ours = [each for each in there if _target(each) == function]
    subscribed = next((each for each in ours if each["name"] in (own, function)), ours[0] if ours else None)
    if subscribed is None:
        other = next((each for each in there if each["name"] in (own, function)), None)
        what = "nothing is subscribed for it" if other is None else f"its subscription delivers to {_target(other)}"
        return wrong(f"{what}: its events are lost", "Subscribe it again.", commands.SUBSCRIBE, about=function)
    faults = list(_faults(patient, wanted, subscribed))
    if faults:
        remedy = "Deploy the subscriptions again: they are set to what infra/local.json says."
        return wrong("; ".join(faults), remedy, commands.SUBSCRIBE, about=function)
    return fine("subscribed as it should be", function)


def _target(subscribed: dict[str, Any]) -> str:
    """The function that it delivers to, or what kind of thing that is no function."""
    delivery = subscribed.get("deliveryWithResourceIdentity") or {}
    destination = subscribed.get("destination") or delivery.get("destination") or {}
    resource = str((destination.get("properties") or {}).get("resourceId") or "")
    return resource.rpartition("/functions/")[2] or f"a {destination.get('endpointType', 'nothing')}"


def _faults(patient: Patient, wanted: dict[str, Any], subscribed: dict[str, Any]) -> Iterator[str]:
    state = subscribed.get("provisioningState", "Succeeded")
    if state != "Succeeded":
        yield f"it is not ready: {state}"
    if subscribed.get("eventDeliverySchema") != CLOUD_EVENTS:
        yield f"it delivers {subscribed.get('eventDeliverySchema')}, which the app can't read, not {CLOUD_EVENTS}"
    chosen = subscribed.get("filter") or {}
    yield from _filter_faults(wanted, chosen)
    retries = subscribed.get("retryPolicy") or {}
    for name, key in (("maxDeliveryAttempts", "max_attempts"), ("eventTimeToLiveInMinutes", "ttl_minutes")):
        if retries.get(name) != wanted[key]:
            yield f"{name} is {retries.get(name)} in place of {wanted[key]}"
    yield from _dead_letter_faults(patient.settings.deadletters_container, subscribed)
    if wanted["function"] == "incoming_call":
        yield from _callee_faults(patient, chosen)


def _filter_faults(wanted: dict[str, Any], chosen: dict[str, Any]) -> Iterator[str]:
    given, types = chosen.get("includedEventTypes"), wanted.get("event_types")
    if types is not None and set(given or ()) != set(types):
        yield "it is not for the event types that it should be for"
    if types is None and given:
        yield "it is for some event types only"
    if chosen.get("subjectBeginsWith") or chosen.get("subjectEndsWith"):
        yield "it is filtered by subject"
    left_out = {
        value
        for each in chosen.get("advancedFilters") or ()
        if each.get("operatorType") == "StringNotIn" and str(each.get("key", "")).lower() in ("type", "eventtype")
        for value in each.get("values") or ()
    }
    if left_out != set(wanted.get("event_types_except", ())):
        yield "it does not leave out the event types that others take"


def _dead_letter_faults(container: str, subscribed: dict[str, Any]) -> Iterator[str]:
    by_identity = (subscribed.get("deadLetterWithResourceIdentity") or {}).get("deadLetterDestination")
    destination = by_identity or subscribed.get("deadLetterDestination")
    if not destination:
        yield "it keeps no dead letters: what can't be delivered is lost without a trace"
    elif (destination.get("properties") or {}).get("blobContainerName") != container:
        yield f"its dead letters do not go to the container {container}"


def _callee_faults(patient: Patient, chosen: dict[str, Any]) -> Iterator[str]:
    """Calls of resource accounts that the filter does not name are lost before the app hears of them."""
    let_in = [
        set(each.get("values") or ()) for each in chosen.get("advancedFilters") or () if each.get("key") == CALLEE
    ]
    if not let_in:
        return
    ours = {account.rpartition(":")[2].lower() for account in patient.settings.plan.accounts}
    for values in let_in:
        passed = {str(value).rpartition(":")[2].lower() for value in values}
        if not ours or not ours <= passed:
            yield "its filter leaves out resource accounts that RESOURCE_ACCOUNTS lets in"
