"""The custom topic accepts the events that the app publishes."""

from __future__ import annotations

import uuid

from azure.core.exceptions import AzureError, HttpResponseError

from shared.doctor import commands
from shared.doctor.context import FORBIDDEN, UNAUTHORIZED, DiagnosisContext, code_of, status_of
from shared.doctor.report import Finding, fine, wrong
from shared.platform import clock

PROBE = "TeamsPhone.Doctor.Probe"  # the subscription of call_progressed excludes this type (infra/local.json)


async def topic(context: DiagnosisContext) -> list[Finding]:
    """Publishes an event of a type without subscribers."""
    settings = context.settings
    probe = {
        "id": str(uuid.uuid4()),
        "source": "/doctor",
        "type": PROBE,
        "specversion": "1.0",
        "time": clock.now().isoformat(),
        "data": {},
    }
    try:
        await context.clients.topic.send([probe])
    except HttpResponseError as error:
        what = f"the topic refuses the events of the app: {code_of(error)}"
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
                f"there is no response at EVENTS_TOPIC_ENDPOINT: {code_of(error)}",
                "Check EVENTS_TOPIC_ENDPOINT, and that the network lets the app reach it.",
                commands.set_setting("EVENTS_TOPIC_ENDPOINT"),
                about="EVENTS_TOPIC_ENDPOINT",
            )
        ]
    return [fine("it accepts the events of the app")]
