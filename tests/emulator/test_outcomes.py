"""Operations that are accepted and fail afterwards, by a fault rule."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from azure.communication.callautomation import (
    DtmfTone,
    FileSource,
    MediaStreamingOptions,
    PhoneNumberIdentifier,
    TranscriptionOptions,
)
from azure.communication.callautomation.aio import CallAutomationClient, CallConnectionClient

from emulator.acs.failing import FAILED
from tests.emulator.client import CALLER, Application, Control

CALLING, NUMBER = PhoneNumberIdentifier(CALLER), PhoneNumberIdentifier("+4915112345")
Send = Callable[[CallConnectionClient], Any]

SEND: dict[str, Send] = {
    "AddParticipant": lambda call: call.add_participant(
        NUMBER, source_caller_id_number=CALLING, operation_context="mine"
    ),
    "CancelAddParticipant": lambda call: call.cancel_add_participant_operation("id", operation_context="mine"),
    "RemoveParticipant": lambda call: call.remove_participant(CALLING, operation_context="mine"),
    "TransferToParticipant": lambda call: call.transfer_call_to_participant(NUMBER, operation_context="mine"),
    "Play": lambda call: call.play_media(FileSource("https://files.example/a.wav"), operation_context="mine"),
    "Recognize": lambda call: call.start_recognizing_media("dtmf", CALLING, operation_context="mine"),
    "SendDtmfTones": lambda call: call.send_dtmf_tones([DtmfTone.ONE], CALLING, operation_context="mine"),
    "StartContinuousDtmfRecognition": lambda call: call.start_continuous_dtmf_recognition(
        CALLING, operation_context="mine"
    ),
    "Hold": lambda call: call.hold(CALLING, operation_context="mine"),
    "StartMediaStreaming": lambda call: call.start_media_streaming(operation_context="mine"),
    "StartTranscription": lambda call: call.start_transcription(operation_context="mine"),
}


@pytest.mark.parametrize("operation", FAILED)
async def test_an_accepted_operation_fails_with_the_codes_of_the_fault(
    app: Application, control: Control, client: CallAutomationClient, operation: str
) -> None:
    await control.fault(
        where="outcome", match={"operation": operation}, do="fail", code=400, subCode=8565, message="no", times=1
    )
    dialled = await control.dial(kind="acs", to="8:acs:res_app")
    stream: dict[str, Any] = {"transport_url": "wss://stream.example", "transport_type": "websocket"}
    answer = await client.answer_call(
        dialled["incomingCallContext"],
        app.url,
        media_streaming=MediaStreamingOptions(**stream, content_type="audio", audio_channel_type="mixed"),
        transcription=TranscriptionOptions(**stream, locale="en-US", start_transcription=False),
    )
    await SEND[operation](client.get_call_connection(str(answer.call_connection_id)))
    failed = await app.event(FAILED[operation][0])
    assert failed["resultInformation"] == {"code": 400, "subCode": 8565, "message": "no"}
    assert failed["operationContext"] == "mine"
    await control.idle()
    ordinary = {"CallConnected", "ParticipantsUpdated", FAILED[operation][0]}
    assert {event["type"].rpartition(".")[2] for event in app.events} == ordinary, "nothing else happened"


async def test_only_operations_with_an_outcome_can_fail_so(control: Control) -> None:
    rule = {"where": "outcome", "match": {"operation": "GetCall"}, "do": "fail"}
    status, answer = await control.status("POST", "faults", rule)
    assert (status, "'operation' at outcome has no 'GetCall'" in answer["error"]) == (400, True)


async def test_a_transfer_ends_with_the_applications_leg(answered: Any, app: Application, control: Control) -> None:
    await control("PUT", "callees/4:+4915112345", {"after": 2})
    call = await answered(kind="acs", to="8:acs:res_app")
    await call.connection.add_participant(PhoneNumberIdentifier("+15550100"), source_caller_id_number=CALLING)
    await app.event("AddParticipantSucceeded")
    await call.connection.transfer_call_to_participant(NUMBER, transferee=CALLING)
    await call.connection.hang_up(is_for_everyone=False)
    await app.event("CallDisconnected")
    await asyncio.sleep(0.2)  # four seconds of the emulator's: the number would have accepted
    assert (await control("GET", f"calls/{call.id}"))["transferred"] == []
    assert app.of("CallTransferAccepted") == []
