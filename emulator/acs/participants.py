"""Participants are added, removed, muted, moved and transferred."""

from __future__ import annotations

from typing import Any

from emulator.acs import errors
from emulator.acs.answering import forward
from emulator.acs.callees import Outcome
from emulator.acs.calls import Call, Invitation
from emulator.acs.identifiers import Identifier, canonical
from emulator.acs.messages import Answer, Request, participant
from emulator.acs.parties import Participant
from emulator.acs.provenance import RING
from emulator.acs.results import ACCEPTED, INVITATION_CANCELED, NO_INVITATION, NOT_IN_CALL, REMOVED
from emulator.acs.service import Service


def get_participants(service: Service, request: Request) -> Answer:
    return Answer({"value": service.participants(request.call)})


def get_participant(service: Service, request: Request) -> Answer:
    raw_id = request.params["participantRawId"]
    for described in service.participants(request.call):
        if described["identifier"]["rawId"] == raw_id:
            return Answer(described)
    raise errors.not_found("The participant is not in the call.")


def add_participant(service: Service, request: Request) -> Answer:
    body, call = request.body, request.call
    _check_caller_id(call, body)
    who = canonical(body["participantToAdd"])
    if call.find(who["rawId"]) or any(one.participant == who for one in call.invitations.values()):
        raise errors.AcsError(409, errors.CONFLICT, "The participant is already in the call or being invited.")
    id = service.new_id()
    timeout = body.get("invitationTimeoutInSeconds")
    outcome = service.callees.rung(who, RING.seconds if timeout is None else timeout)
    task = service.background.after(outcome.after, lambda: _settle(service, call, id, outcome))
    call.invitations[id] = Invitation(id, who, task, body.get("operationContext"), body.get("operationCallbackUri"))
    invited = {"identifier": who, "isMuted": False, "isOnHold": False}
    return Answer({"participant": invited, "invitationId": id, **_context(body)})


def _settle(service: Service, call: Call, id: str, outcome: Outcome) -> None:
    invitation = call.invitations.pop(id)
    event = "AddParticipantSucceeded" if outcome.accepted else "AddParticipantFailed"
    if outcome.accepted:
        call.join(invitation.participant, service.clock.wall())
    service.emit(
        call,
        event,
        {"participant": invitation.participant},
        context=invitation.operation_context,
        url=invitation.callback_uri,
        result=outcome.result,
    )
    if outcome.accepted:
        service.participants_updated(call)


def cancel_add_participant(service: Service, request: Request) -> Answer:
    call, id = request.call, request.body["invitationId"]
    data = {"invitationId": id}
    if invitation := call.invitations.pop(id, None):
        invitation.task.cancel()
        service.emit(call, "CancelAddParticipantSucceeded", data, request=request.body, result=INVITATION_CANCELED)
    else:
        service.emit(call, "CancelAddParticipantFailed", data, request=request.body, result=NO_INVITATION)
    return Answer({"invitationId": id, **_context(request.body)})


def remove_participant(service: Service, request: Request) -> Answer:
    call, who = request.call, canonical(request.body["participantToRemove"])
    data = {"participant": who}
    if call.find(who["rawId"]):
        service.emit(call, "RemoveParticipantSucceeded", data, request=request.body)
        service.leave(call, who["rawId"], REMOVED)
    else:
        service.emit(call, "RemoveParticipantFailed", data, request=request.body, result=NOT_IN_CALL)
    return Answer(_context(request.body))


def mute(service: Service, request: Request) -> Answer:
    for target in request.body["targetParticipants"]:
        person = participant(request.call, canonical(target))
        person.is_muted = True
        person.update(service.clock.wall())
    service.participants_updated(request.call)
    return Answer(_context(request.body))


def move_participants(service: Service, request: Request) -> Answer:
    body, call = request.body, request.call
    origin = service.calls.by_connection(body["fromCall"])
    if origin is None:
        raise errors.not_found("There is no call to move participants from.")
    moved = []
    for who in map(canonical, body["targetParticipants"]):
        data = {"participant": who, "fromCall": body["fromCall"]}
        if origin.find(who["rawId"]) is None:
            service.emit(call, "MoveParticipantFailed", data, request=body, result=NOT_IN_CALL)
            continue
        moved.append(call.join(who, service.clock.wall()).describe())
        service.leave(origin, who["rawId"])
        service.emit(call, "MoveParticipantSucceeded", data, request=body)
    service.participants_updated(call)
    return Answer({"participants": moved, "fromCall": body["fromCall"], **_context(body)})


def transfer_to_participant(service: Service, request: Request) -> Answer:
    body, call = request.body, request.call
    _check_caller_id(call, body)
    target = canonical(body["targetParticipant"])
    transferee = participant(call, canonical(body["transferee"])) if body.get("transferee") else _other(call)
    if target["kind"] == "microsoftTeamsApp":
        outcome = Outcome(0, ACCEPTED)  # another resource account takes it, and rings as a new call
    else:
        outcome = service.callees.rung(target, RING.seconds)
    data = {"transferTarget": target, "transferee": transferee.identifier}
    arrival = service.background.after(outcome.after, lambda: _arrive(service, call, body, data, outcome))
    call.timers.append(arrival)
    return Answer(_context(body))


def _arrive(service: Service, call: Call, body: dict[str, Any], data: dict[str, Identifier], outcome: Outcome) -> None:
    if not outcome.accepted:
        service.emit(call, "CallTransferFailed", request=body, result=outcome.result)
        return
    service.emit(call, "CallTransferAccepted", data, request=body)
    service.leave(call, data["transferee"]["rawId"])
    if data["transferTarget"]["kind"] == "microsoftTeamsApp":
        service.background.start(forward(service, call, data["transferTarget"]))
    else:
        service.talk_elsewhere(call, data["transferee"], data["transferTarget"])


def _check_caller_id(call: Call, body: dict[str, Any]) -> None:
    for name in ("sourceCallerIdNumber", "sourceDisplayName"):
        if call.kind == "tpe" and body.get(name):
            raise errors.invalid(f"The field '{name}' is not allowed in a Teams Phone call.")


def _other(call: Call) -> Participant:
    """The transferee when the request names none: the only other participant."""
    people = list(call.present())
    if len(people) != 1:
        raise errors.invalid("The field 'transferee' is required unless the call has one other participant.")
    return people[0]


def _context(body: dict[str, Any]) -> dict[str, Any]:
    context = body.get("operationContext")
    return {} if context is None else {"operationContext": context}
