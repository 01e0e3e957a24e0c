"""Operations on a call's media: prompts, recognition and DTMF tones.

Operations wait for each other unless they ask to interrupt.
"""

from __future__ import annotations

from emulator.acs import errors
from emulator.acs.calls import Call
from emulator.acs.identifiers import canonical
from emulator.acs.media import sources
from emulator.acs.media.play import Play
from emulator.acs.media.playlist import Playlist
from emulator.acs.media.recognize import Recognize
from emulator.acs.messages import Answer, Request, operation_context, participant
from emulator.acs.results import DONE
from emulator.acs.service import Service


def play(service: Service, request: Request) -> Answer:
    body, call = request.body, request.call
    if not body["playSources"]:
        raise errors.invalid("The field 'playSources' must name something to play.")
    sources.check(body["playSources"])
    for who in body.get("playTo") or ():
        participant(call, canonical(who))
    operation = Play(service, call, body)
    _playlist(service, call).add(operation, interrupt=bool(body.get("interruptCallMediaOperation")))
    return Answer()


def recognize(service: Service, request: Request) -> Answer:
    body, call = request.body, request.call
    sources.check([*(body.get("playPrompts") or ()), *([body["playPrompt"]] if body.get("playPrompt") else ())])
    participant(call, canonical(body["recognizeOptions"]["targetParticipant"]))
    if body["recognizeInputType"] == "choices" and not body["recognizeOptions"].get("choices"):
        raise errors.invalid("The field 'recognizeOptions.choices' is required to recognize choices.")
    operation = Recognize(service, call, body)
    _playlist(service, call).add(operation, interrupt=bool(body.get("interruptCallMediaOperation")))
    return Answer()


def cancel_all_media_operations(service: Service, request: Request) -> Answer:
    _playlist(service, request.call).cancel()
    return Answer()


def start_continuous_dtmf_recognition(_: Service, request: Request) -> Answer:
    person = participant(request.call, canonical(request.body["targetParticipant"]))
    request.call.continuous_dtmf[person.raw_id] = request.body
    return Answer()


def stop_continuous_dtmf_recognition(service: Service, request: Request) -> Answer:
    person = participant(request.call, canonical(request.body["targetParticipant"]))
    if request.call.continuous_dtmf.pop(person.raw_id, None):
        service.emit(request.call, "ContinuousDtmfRecognitionStopped", request=request.body, result=DONE)
    return Answer()


def send_dtmf_tones(service: Service, request: Request) -> Answer:
    participant(request.call, canonical(request.body["targetParticipant"]))
    if not request.body["tones"]:
        raise errors.invalid("The field 'tones' must hold at least one tone.")
    service.emit(request.call, "SendDtmfTonesCompleted", request=request.body, result=DONE)
    return Answer(operation_context(request.body))


def _playlist(service: Service, call: Call) -> Playlist:
    if call.playlist is None:
        call.playlist = Playlist(service.background)
    return call.playlist
