"""A participant is transferred: they leave the call, and talk with the target without the application."""

from __future__ import annotations

import functools
from typing import Any

from emulator.acs import acting, errors, invitations, ringing
from emulator.acs.answering import forward, ring_back
from emulator.acs.callees import Outcome
from emulator.acs.calls import Call
from emulator.acs.custom_context import CustomContext
from emulator.acs.identifiers import Identifier, canonical
from emulator.acs.messages import Answer, Request, operation_context, participant
from emulator.acs.parties import Participant
from emulator.acs.results import NOT_IN_CALL
from emulator.acs.service import Service


def transfer_to_participant(service: Service, request: Request) -> Answer:
    body, call = request.body, request.call
    target = canonical(body["targetParticipant"])
    invitations.check(call, target, body)
    transferee = participant(call, canonical(body["transferee"])) if body.get("transferee") else _other(call)
    if call.transfer and not call.transfer.done():
        raise errors.AcsError(409, errors.TRANSFER_CONFLICT, "Another transfer of the call is under way.")
    context = invitations.note(request, target, "transfer")
    data = {"transferTarget": target, "transferee": transferee.identifier}
    ring_back(service, call, target)
    if _rings_here(service, target):
        call.transfer = service.background.after(0, lambda: _ring_here(service, call, body, data, context))
    else:
        arrive = functools.partial(_arrive, service, call, body, data)
        call.transfer = ringing.start(service, call, target, arrive, context=context)
    call.timers.append(call.transfer)
    return Answer(operation_context(body))


def _rings_here(service: Service, target: Identifier) -> bool:
    """Whether a resource account rings as a new call. With a behaviour of its own it is a queue of Teams' own."""
    return target["kind"] == "microsoftTeamsApp" and target["rawId"] not in service.callees


def _ring_here(
    service: Service, call: Call, body: dict[str, Any], data: dict[str, Identifier], context: CustomContext
) -> None:
    if _accept(service, call, body, data):
        service.background.start(forward(service, call, data["transferTarget"], context))


def _arrive(service: Service, call: Call, body: dict[str, Any], data: dict[str, Identifier], outcome: Outcome) -> None:
    acting.take(service, call, data["transferTarget"]["rawId"], outcome)
    if not outcome.accepted:
        service.emit(call, "CallTransferFailed", request=body, result=outcome.result)
    elif _accept(service, call, body, data):
        target = data["transferTarget"]
        invitations.answered(call, target)
        acting.talk_elsewhere(service, call, data["transferee"], target)
        acting.perform(service, call, target["rawId"], outcome.script)


def _accept(service: Service, call: Call, body: dict[str, Any], data: dict[str, Identifier]) -> bool:
    """The transferee leaves, which can end the call. False if they have left before."""
    raw_id = data["transferee"]["rawId"]
    if not call.find(raw_id):
        service.emit(call, "CallTransferFailed", request=body, result=NOT_IN_CALL)
        return False
    service.emit(call, "CallTransferAccepted", data, request=body)
    service.leave(call, raw_id)
    return True


def _other(call: Call) -> Participant:
    """The transferee when the request names none: the only other participant."""
    people = list(call.present())
    if len(people) != 1:
        raise errors.invalid("The field 'transferee' is required unless the call has one other participant.")
    return people[0]
