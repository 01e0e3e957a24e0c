"""Azure Communication Services: is it reachable, does it authorise the app, is it the configured resource."""

from __future__ import annotations

from azure.core.exceptions import AzureError, HttpResponseError

from shared.calls.result_codes import NOT_THE_APP
from shared.directory.errors import UpstreamError
from shared.doctor import commands
from shared.doctor.context import FORBIDDEN, NOT_FOUND, UNAUTHORIZED, DiagnosisContext, by_key, code_of, outcome_of
from shared.doctor.report import Finding, fine, unseen, wrong

NO_CALL = "00000000-0000-4000-8000-000000000000"  # a call connection that does not exist
ROLE = "Communication and Email Service Owner"


async def endpoint(context: DiagnosisContext) -> list[Finding]:
    """For a call that does not exist ACS returns 404 with a code of its own; any other server returns a plain 404."""
    try:
        await context.clients.call_automation.get_call_connection(NO_CALL).get_call_properties()
    except HttpResponseError as error:
        if error.status_code != NOT_FOUND:
            return [_refused(context, error)]
        if error.error is not None and error.error.code:  # documented as 8522
            return [fine("it is reachable and authorises the app")]
    except AzureError as error:
        return [
            wrong(
                f"there is no response at ACS_ENDPOINT: {code_of(error)}",
                "Check ACS_ENDPOINT, and that the network lets the app reach it.",
                commands.set_setting("ACS_ENDPOINT"),
                about="ACS_ENDPOINT",
            )
        ]
    remedy = "Set ACS_ENDPOINT to the ACS resource's endpoint."
    return [wrong("the server at ACS_ENDPOINT is not ACS", remedy, commands.set_setting("ACS_ENDPOINT"))]


def _refused(context: DiagnosisContext, error: HttpResponseError) -> Finding:
    outcome, settings = outcome_of(error), context.settings
    what = f"it refuses the app: {outcome.meaning} ({code_of(error)})"
    if error.status_code not in (UNAUTHORIZED, FORBIDDEN):
        remedy = outcome.remedy if outcome.remedy != NOT_THE_APP else "Check ACS_ENDPOINT."
        return wrong(what, remedy, commands.set_setting("ACS_ENDPOINT"))
    if by_key(settings):
        remedy = "Check that ACS_ENDPOINT and ACS_ACCESS_KEY belong together."
        return wrong(what, remedy, commands.set_setting("ACS_ACCESS_KEY"), about="ACS_ACCESS_KEY")
    return wrong(what, outcome.remedy, commands.give_role(ROLE, commands.acs_scope(settings)))


async def resource_id(context: DiagnosisContext) -> list[Finding]:
    """An identity created by the resource contains its id, ``8:acs:{resource id}_{user}``. It is deleted again."""
    expected = context.settings.acs_resource_id
    try:
        created = (await context.directory.identities.create()).id
    except UpstreamError as error:
        return [_not_created(context, error)]
    found = created.split(":")[-1].partition("_")[0]
    left = await _deleted(context, created)
    if found.lower() != expected.lower():
        remedy = (
            f"Set ACS_RESOURCE_ID to {found}, if ACS_ENDPOINT is the resource that the resource accounts are linked "
            "to. Callbacks are refused while the two differ."
        )
        command = commands.resource_id_of_acs(context.settings)
        return [wrong("ACS_RESOURCE_ID is another resource's id", remedy, command, about="ACS_RESOURCE_ID"), *left]
    return [fine("it is the resource of ACS_RESOURCE_ID"), *left]


def _not_created(context: DiagnosisContext, error: UpstreamError) -> Finding:
    why = error.entry
    what = f"ACS creates no identity: {why.meaning}"
    if error.status in (UNAUTHORIZED, FORBIDDEN) and not by_key(context.settings):
        return wrong(what, why.remedy, commands.give_role(ROLE, commands.acs_scope(context.settings)))
    return wrong(what, why.remedy, commands.set_setting("ACS_ENDPOINT"))


async def _deleted(context: DiagnosisContext, id: str) -> list[Finding]:
    try:
        await context.directory.identities.delete(id)
    except UpstreamError as error:
        what = f"the identity created for this check could not be deleted: {error.entry.meaning}"
        return [unseen(what, "It has no token and can do nothing. Delete it if you like.")]
    return []
