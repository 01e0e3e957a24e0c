"""Every callback that the emulator sends, and where its fields come from."""

from __future__ import annotations

from emulator.acs.provenance import Source

BY_FAULT = "by a fault rule alone"

CALLBACK_TYPES: dict[str, tuple[Source, str]] = {
    "CallConnected": ("recorded", ""),
    "CallDisconnected": ("recorded", ""),
    "CreateCallFailed": ("recorded", "followed by CallDisconnected with the same result"),
    "ParticipantsUpdated": (
        "recorded",
        "the application's own identity is among the participants; isOnHold while something is played to one alone",
    ),
    "AddParticipantSucceeded": ("recorded", ""),
    "AddParticipantFailed": ("documented", ""),
    "CancelAddParticipantSucceeded": ("recorded", ""),
    "CancelAddParticipantFailed": ("documented", "its result code is assumed"),
    "RemoveParticipantSucceeded": ("recorded", ""),
    "RemoveParticipantFailed": ("documented", "its result code is assumed"),
    "MoveParticipantSucceeded": ("documented", ""),
    "MoveParticipantFailed": ("documented", "its result code is assumed"),
    "CallTransferAccepted": ("documented", ""),
    "CallTransferFailed": ("documented", "without transferTarget and transferee, as specified"),
    "PlayStarted": ("recorded", ""),
    "PlayCompleted": ("recorded", ""),
    "PlayFailed": ("recorded", "after PlayStarted where a later source fails"),
    "PlayCanceled": ("recorded", ""),
    "RecognizeCompleted": ("documented", "of a choice by key, recognizedPhrase is null and confidence absent"),
    "RecognizeFailed": ("documented", ""),
    "RecognizeCanceled": ("documented", ""),
    "ContinuousDtmfRecognitionToneReceived": ("documented", ""),
    "ContinuousDtmfRecognitionStopped": ("recorded", ""),
    "SendDtmfTonesCompleted": ("recorded", ""),
    "SendDtmfTonesFailed": ("documented", BY_FAULT),
    "ContinuousDtmfRecognitionToneFailed": ("documented", BY_FAULT),
    "HoldFailed": ("documented", BY_FAULT),
    "MediaStreamingFailed": ("recorded", "when the web socket was lost: its result code is assumed"),
    "TranscriptionFailed": ("documented", "its result codes are assumed"),
    "HoldAudioStarted": ("recorded", "on hold with a play source"),
    "HoldAudioPaused": ("recorded", "something else is played to the held party"),
    "HoldAudioResumed": ("recorded", ""),
    "HoldAudioCompleted": ("recorded", "400/8508, since unhold cuts the audio off"),
    "MediaStreamingStarted": ("recorded", ""),
    "MediaStreamingStopped": ("recorded", ""),
    "TranscriptionStarted": ("recorded", ""),
    "TranscriptionStopped": ("recorded", ""),
    "TranscriptionUpdated": ("recorded", ""),
    "RecordingStateChanged": ("recorded", "with `leading_inactive`, inactive comes before active, as in 2024"),
    "StartRecordingFailed": ("documented", "seen in no recording"),
}
