"""Azure Communication Services: is it reached, does it take the app's word, is it the right resource."""

from __future__ import annotations

from azure.core.exceptions import AzureError, HttpResponseError

from shared.calls.result_codes import NOT_THE_APP
from shared.directory.errors import UpstreamError
from shared.doctor import commands
from shared.doctor.patient import FORBIDDEN, NOT_FOUND, UNAUTHORIZED, Patient, by_key, code_of, outcome_of
from shared.doctor.report import Finding, fine, unseen, wrong

NO_CALL = "00000000-0000-4000-8000-000000000000"  # a call connection that does not exist
ROLE = "Communication and Email Service Owner"


async def reached(patient: Patient) -> list[Finding]:
    """Asking for a call that does not exist is error with a code by ACS; a page that is not there, by anybody."""
    try:
        await patient.clients.call_automation.get_call_connection(NO_CALL).get_call_properties()
    except HttpResponseError as error:
        if error.status_code != NOT_FOUND:
            return [_refused(patient, error)]
        if error.error is not None and error.error.code:  # documented as 8522
            return [fine("it is reached and takes the app's word")]
    except AzureError as error:
        return [
            wrong(
                f"nobody answers at ACS_ENDPOINT: {code_of(error)}",
                "Check ACS_ENDPOINT, and whether the network lets the app reach it.",
                commands.set_setting("ACS_ENDPOINT"),
                about="ACS_ENDPOINT",
            )
        ]
    remedy = "Set ACS_ENDPOINT to the ACS resource's endpoint."
    return [wrong("what answers at ACS_ENDPOINT is not ACS", remedy, commands.set_setting("ACS_ENDPOINT"))]


def _refused(patient: Patient, error: HttpResponseError) -> Finding:
    outcome, settings = outcome_of(error), patient.settings
    what = f"it refuses the app: {outcome.meaning} ({code_of(error)})"
    if error.status_code not in (UNAUTHORIZED, FORBIDDEN):
        remedy = outcome.remedy if outcome.remedy != NOT_THE_APP else "Check ACS_ENDPOINT."
        return wrong(what, remedy, commands.set_setting("ACS_ENDPOINT"))
    if by_key(settings):
        remedy = "Check that ACS_ENDPOINT and ACS_ACCESS_KEY belong together."
        return wrong(what, remedy, commands.set_setting("ACS_ACCESS_KEY"), about="ACS_ACCESS_KEY")
    return wrong(what, outcome.remedy, commands.give_role(ROLE, commands.acs_scope(settings)))


async def resource_id(patient: Patient) -> list[Finding]:
    """An identity made by the resource carries its id: ``8:acs:{resource id}_{user}``. It is deleted again."""
    expected = patient.settings.acs_resource_id
    try:
        made = (await patient.directory.identities.create()).id
    except UpstreamError as error:
        return [_makes_none(patient, error)]
    found = made.split(":")[-1].partition("_")[0]
    left = await _deleted(patient, made)
    if found.lower() != expected.lower():
        remedy = (
            f"Set ACS_RESOURCE_ID to {found}, if ACS_ENDPOINT is the resource that the resource accounts are linked "
            "to. Callbacks are error as long as the two differ."
        )
        command = commands.resource_id_of_acs(patient.settings)
        return [wrong("ACS_RESOURCE_ID is another resource's id", remedy, command, about="ACS_RESOURCE_ID"), *left]
    return [fine("it is the resource that ACS_RESOURCE_ID names"), *left]


def _makes_none(patient: Patient, error: UpstreamError) -> Finding:
    why = error.entry
    what = f"ACS makes no identity: {why.meaning}"
    if error.status in (UNAUTHORIZED, FORBIDDEN) and not by_key(patient.settings):
        return wrong(what, why.remedy, commands.give_role(ROLE, commands.acs_scope(patient.settings)))
    return wrong(what, why.remedy, commands.set_setting("ACS_ENDPOINT"))


async def _deleted(patient: Patient, made: str) -> list[Finding]:
    try:
        await patient.directory.identities.delete(made)
    except UpstreamError as error:
        what = f"the identity that was made to see this could not be deleted: {error.entry.meaning}"
        return [unseen(what, "It can do nothing, and nobody knows it. Delete it if you like.")]
    return []
