"""Event subscriptions: every event type has one function, with a retry policy and dead letters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.calls.event import MEDIA_PREFIX, PREFIX
from tests.infra.bicep import Object
from tests.infra.project import Infra

# Event Grid: "Delivery and retry" (1 to 30 attempts, 1 to 1440 minutes to live); for IncomingCall "Lowest latency best
# practices for Teams Phone extensibility". A late answer is useless; a late record of a call is as good as a timely
# one; a function that starts something in a call (the recording) is useless once most calls have ended.
HOURS = 60
POLICIES = {
    "incoming_call": (2, 1),
    "recording_file_ready": (30, 24 * HOURS),  # as long as ACS keeps the file
    "client_call": (30, 24 * HOURS),
    "call_connected": (30, 4 * HOURS),
    "start_recording_failed": (30, 4 * HOURS),
    "recording_state_changed": (30, 24 * HOURS),
    "call_progressed": (30, 24 * HOURS),
}
OF_CALLS = [PREFIX, MEDIA_PREFIX]  # the topic also has events for other applications, and the doctor's
FILTER_VALUES = 25  # of all advanced filters of a subscription: "Understand event filtering"


def check_subscriptions(infra: Infra) -> list[str]:
    """Every subscription has an existing function, and every event type is delivered to exactly one."""
    problems = []
    subscribed = [each.get("function") for each in infra.local["subscriptions"]]
    problems += [f"there is no function {name}" for name in subscribed if name not in infra.event_functions]
    problems += [f"nothing is subscribed for {name}" for name in infra.event_functions - set(subscribed)]
    for each in infra.local["subscriptions"]:
        name = each["function"]
        policy = (each.get("max_attempts"), each.get("ttl_minutes"))
        if None in policy:
            problems.append(f"{name} has no retry policy of its own")
        elif policy != POLICIES.get(name):
            problems.append(f"{name} is tried {policy[0]} times in {policy[1]} minutes, which POLICIES does not say")
        if not each.get("dead_letter", True):
            problems.append(f"{name} has no dead letters")
        if each.get("schema", "cloudevents") != "cloudevents":
            problems.append(f"{name} does not get CloudEvents")
        others = {t for other in infra.local["subscriptions"] if other is not each and other["topic"] == each["topic"]
                  for t in other.get("event_types", [])}  # fmt: skip
        if set(each.get("event_types", [])) & others:
            problems.append(f"{name} gets events that another function gets as well")
        if "event_types_except" in each and (
            set(each["event_types_except"]) != others or each.get("event_types_begin_with") != OF_CALLS
        ):
            problems.append(f"{name} does not get exactly what no other function gets")
        if len(each.get("event_types_except", [])) > FILTER_VALUES:
            problems.append(f"{name} needs more filter values than Event Grid takes")
    return problems


def check_event_subscriptions(infra: Infra) -> list[str]:
    """In Bicep, retry policy, dead letters and schema of each subscription are set, with the values of local.json."""
    problems, found = [], 0
    for kind in ("topics", "systemTopics"):
        for file, each in infra.resources(f"Microsoft.EventGrid/{kind}/eventSubscriptions"):
            found += 1
            problems += [f"{file.name}: {what}" for what in _event_subscription(each.body)]
    if found < 2:
        problems.append("one of the topics has no subscriptions")
    text = infra.files["subscriptions.bicep"].source.decode()
    topics = set(re.findall(r"each\.topic == '([\w-]+)'", text))
    if "var named = toLower(trim(resourceAccounts)) == 'linked' ? '' : resourceAccounts" not in text:
        problems.append("subscriptions.bicep treats the word linked as an account")
    problems += [
        f"subscriptions of {topic} are not deployed" for topic in {t["name"] for t in infra.local["topics"]} - topics
    ]
    return problems


def _event_subscription(body: Object) -> Iterator[str]:
    wanted = {
        ("retryPolicy", "maxDeliveryAttempts"): "each.max_attempts",
        ("retryPolicy", "eventTimeToLiveInMinutes"): "each.ttl_minutes",
        ("eventDeliverySchema",): "'CloudEventSchemaV1_0'",
        ("destination", "endpointType"): "'AzureFunction'",
        ("destination", "properties", "resourceId"): "'${functionAppId}/functions/${each.function}'",
        ("deadLetterWithResourceIdentity", "identity", "type"): "'SystemAssigned'",
        ("deadLetterWithResourceIdentity", "deadLetterDestination", "endpointType"): "'StorageBlob'",
        ("deadLetterWithResourceIdentity", "deadLetterDestination", "properties", "resourceId"): "storageId",
        ("deadLetterWithResourceIdentity", "deadLetterDestination", "properties", "blobContainerName"):
            "deadLettersContainer",
    }  # fmt: skip
    for path, value in wanted.items():
        if body.text("properties", *path) != value:
            yield f"{'.'.join(path)} of a subscription is not {value}"


CHECKS = (check_subscriptions, check_event_subscriptions)
