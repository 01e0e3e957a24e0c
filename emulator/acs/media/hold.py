"""Hold and unhold, with the audio that is played meanwhile."""

from __future__ import annotations

from emulator.acs.calls import Call
from emulator.acs.identifiers import canonical
from emulator.acs.messages import Answer, Request, participant
from emulator.acs.results import CANCELED, DONE
from emulator.acs.service import Service


def hold(service: Service, request: Request) -> Answer:
    person = participant(request.call, canonical(request.body["targetParticipant"]))
    _set(service, request.call, person.raw_id, on_hold=True)
    if request.body.get("playSourceInfo"):
        request.call.hold_audio[person.raw_id] = request.body
        service.emit(request.call, "HoldAudioStarted", request=request.body, result=DONE)
    return Answer()


def unhold(service: Service, request: Request) -> Answer:
    person = participant(request.call, canonical(request.body["targetParticipant"]))
    _set(service, request.call, person.raw_id, on_hold=False)
    if started := request.call.hold_audio.pop(person.raw_id, None):
        service.emit(request.call, "HoldAudioCompleted", request=started, result=CANCELED)
    return Answer()


def _set(service: Service, call: Call, raw_id: str, *, on_hold: bool) -> None:
    person = call.participants[raw_id]
    person.is_on_hold = on_hold
    person.update(service.clock.wall())
    service.participants_updated(call)
