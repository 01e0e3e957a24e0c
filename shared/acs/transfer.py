"""Transferring a participant."""

from __future__ import annotations

from azure.communication.callautomation import TeamsPhoneCallDetails, TeamsPhoneCallerDetails

from shared.acs.context import Context, Executors, repeatable
from shared.acs.emergency import refuse_emergency
from shared.acs.errors import accepted
from shared.acs.identifiers import identifier
from shared.acs.participants import headers_for
from shared.calls.actions import CustomContext, TransferCall
from shared.calls.capabilities import Call
from shared.calls.effect import Effect
from shared.calls.event import Event
from shared.calls.identities import number_of


async def transfer(context: Context, call: Call, effect: Effect, action: TransferCall) -> Event:
    refuse_emergency(call, action.target)
    await accepted(
        context.connection(call).transfer_call_to_participant,
        identifier(action.target),
        transferee=identifier(action.transferee) if action.transferee else None,
        voip_headers=action.context.voip_headers | headers_for(call, action.target),
        sip_headers=action.context.sip_headers,
        teams_phone_call_details=_details(call, action.context),
        operation_context=effect.id,
        headers=repeatable(effect.id),
    )
    return context.performed(effect)


def _details(call: Call, given: CustomContext) -> TeamsPhoneCallDetails | None:
    """SDK 1.6.0 drops them unless a header is given too: targets that show them always get the call's id."""
    if not given.topic and not given.details:
        return None
    return TeamsPhoneCallDetails(call_topic=given.topic or None, teams_phone_caller=_caller(call, given.details))


def _caller(call: Call, details: dict[str, str]) -> TeamsPhoneCallerDetails | None:
    """The caller is required with the details, and so are its name and number: empty where they are not known."""
    caller = call.lifecycle.caller
    if not details or caller is None:
        return None
    return TeamsPhoneCallerDetails(
        caller=identifier(caller),
        name=call.lifecycle.caller_name or "",
        phone_number=number_of(caller) or "",
        additional_caller_information=details,
    )


EXECUTORS: Executors = {TransferCall: transfer}
