"""Actions: the requests to ACS and to storage that a call can lead to, as plain data.

A module for each capability; ``AnyAction`` is the union of all. Tags are saved in rows: they stay when a class is
renamed.
"""

from __future__ import annotations

from shared.calls.actions.base import EFFECT_SECONDS, LEASE, MOST_TRIES, NOT_FOUND, Action, Operation
from shared.calls.actions.consult import Consult, EndConsult
from shared.calls.actions.lifecycle import FetchCallState, HangUp
from shared.calls.actions.media import (
    MEDIA,
    CancelMedia,
    Choice,
    Music,
    Play,
    Recognize,
    SendDtmf,
    StartContinuousDtmf,
    StartMediaStreaming,
    StartTranscription,
    StopContinuousDtmf,
    StopMediaStreaming,
    StopTranscription,
    UpdateTranscription,
)
from shared.calls.actions.outbound import CreateCall
from shared.calls.actions.participants import (
    AddParticipant,
    CancelInvitation,
    HoldParticipant,
    MoveParticipants,
    MuteParticipant,
    RemoveParticipant,
    UnholdParticipant,
)
from shared.calls.actions.publishing import PublishEvents
from shared.calls.actions.recording import (
    ArchiveChunk,
    PauseRecording,
    RequestRecording,
    ResumeRecording,
    StartRecording,
    StopRecording,
)
from shared.calls.actions.routing import EngageAgent, OfferCall, ReleaseAgent, RequestDecision, StopWaiting
from shared.calls.actions.transfer import CustomContext, TransferCall

AnyAction = (
    StartRecording
    | HangUp
    | FetchCallState
    | ArchiveChunk
    | AddParticipant
    | CancelInvitation
    | RemoveParticipant
    | MuteParticipant
    | HoldParticipant
    | UnholdParticipant
    | MoveParticipants
    | TransferCall
    | Play
    | Music
    | Recognize
    | CancelMedia
    | SendDtmf
    | StartContinuousDtmf
    | StopContinuousDtmf
    | StartMediaStreaming
    | StopMediaStreaming
    | StartTranscription
    | StopTranscription
    | UpdateTranscription
    | RequestRecording
    | PauseRecording
    | ResumeRecording
    | StopRecording
    | Consult
    | EndConsult
    | OfferCall
    | EngageAgent
    | ReleaseAgent
    | StopWaiting
    | RequestDecision
    | CreateCall
    | PublishEvents
)

__all__ = [
    "EFFECT_SECONDS",
    "LEASE",
    "MEDIA",
    "MOST_TRIES",
    "NOT_FOUND",
    "Action",
    "AddParticipant",
    "AnyAction",
    "ArchiveChunk",
    "CancelInvitation",
    "CancelMedia",
    "Choice",
    "Consult",
    "CreateCall",
    "CustomContext",
    "EndConsult",
    "EngageAgent",
    "FetchCallState",
    "HangUp",
    "HoldParticipant",
    "MoveParticipants",
    "Music",
    "MuteParticipant",
    "OfferCall",
    "Operation",
    "PauseRecording",
    "Play",
    "PublishEvents",
    "Recognize",
    "ReleaseAgent",
    "RemoveParticipant",
    "RequestDecision",
    "RequestRecording",
    "ResumeRecording",
    "SendDtmf",
    "StartContinuousDtmf",
    "StartMediaStreaming",
    "StartRecording",
    "StartTranscription",
    "StopContinuousDtmf",
    "StopMediaStreaming",
    "StopRecording",
    "StopTranscription",
    "StopWaiting",
    "TransferCall",
    "UnholdParticipant",
    "UpdateTranscription",
]
