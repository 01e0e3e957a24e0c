"""Participants are added, removed, muted and moved."""

from __future__ import annotations

from emulator.acs import acting, errors, invitations, ringing
from emulator.acs.answering import ring_back
from emulator.acs.callees import Outcome
from emulator.acs.calls import Call, Invitation
from emulator.acs.identifiers import canonical
from emulator.acs.messages import Answer, Request, operation_context, participant
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
    who = canonical(body["participantToAdd"])
    invitations.check(call, who, body)
    context = invitations.note(request, who, "add")
    ring_back(service, call, who)
    id = service.new_id()
    timeout = body.get("invitationTimeoutInSeconds")
    seconds = RING.seconds if timeout is None else timeout
    task = ringing.start(
        service, call, who, lambda outcome: _settle(service, call, id, outcome), seconds=seconds, context=context
    )
    call.invitations[id] = Invitation(id, who, task, body.get("operationContext"), body.get("operationCallbackUri"))
    invited = {"identifier": who, "isMuted": False, "isOnHold": False}
    return Answer({"participant": invited, "invitationId": id, **operation_context(body)})


def _settle(service: Service, call: Call, id: str, outcome: Outcome) -> None:
    invitation = call.invitations.pop(id)
    acting.take(service, call, invitation.participant["rawId"], outcome)
    succeeded = outcome.accepted or outcome.is_announced_as_accepted
    if outcome.accepted:
        call.join(invitation.participant, service.clock.wall())
        invitations.answered(call, invitation.participant)
    service.emit(
        call,
        "AddParticipantSucceeded" if succeeded else "AddParticipantFailed",
        {"participant": invitation.participant},
        context=invitation.operation_context,
        url=invitation.callback_uri,
        result=ACCEPTED if succeeded else outcome.result,
    )
    if outcome.accepted:
        service.participants_updated(call)
        acting.perform(service, call, invitation.participant["rawId"], outcome.script)


def cancel_add_participant(service: Service, request: Request) -> Answer:
    call, id = request.call, request.body["invitationId"]
    data = {"invitationId": id}
    if invitation := call.invitations.pop(id, None):
        invitation.task.cancel()
        service.emit(call, "CancelAddParticipantSucceeded", data, request=request.body, result=INVITATION_CANCELED)
    else:
        service.emit(call, "CancelAddParticipantFailed", data, request=request.body, result=NO_INVITATION)
    return Answer({"invitationId": id, **operation_context(request.body)})


def remove_participant(service: Service, request: Request) -> Answer:
    call, who = request.call, canonical(request.body["participantToRemove"])
    data = {"participant": who}
    if call.find(who["rawId"]):
        service.emit(call, "RemoveParticipantSucceeded", data, request=request.body)
        service.leave(call, who["rawId"], REMOVED)
    else:
        service.emit(call, "RemoveParticipantFailed", data, request=request.body, result=NOT_IN_CALL)
    return Answer(operation_context(request.body))


def mute(service: Service, request: Request) -> Answer:
    for target in request.body["targetParticipants"]:
        person = participant(request.call, canonical(target))
        person.is_muted = True
        person.update(service.clock.wall())
    service.participants_updated(request.call)
    return Answer(operation_context(request.body))


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
    return Answer({"participants": moved, "fromCall": body["fromCall"], **operation_context(body)})
