"""Recording, and the copies of its files."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from shared.calls.actions.base import NOT_FOUND, Action, Operation


class StartRecording(Action, frozen=True, tag="StartRecording"):
    """Each attempt is an action of its own: the recording capability decides whether another one follows."""

    attempt: int  # from 1

    def is_final(self, code: int, sub_code: int, tries: int) -> bool:  # noqa: ARG002  # as the docstring says
        return True


class RequestRecording(Operation, frozen=True, tag="RequestRecording"):
    """Start a recording by command, apart from the one that the policy wants."""

    is_done_when_accepted: ClassVar[bool] = True


class PauseRecording(Operation, frozen=True, tag="PauseRecording"):
    recording_id: str

    is_done_when_accepted: ClassVar[bool] = True


class ResumeRecording(Operation, frozen=True, tag="ResumeRecording"):
    recording_id: str

    is_done_when_accepted: ClassVar[bool] = True


class StopRecording(Operation, frozen=True, tag="StopRecording"):
    recording_id: str

    is_done_when_accepted: ClassVar[bool] = True


class ArchiveChunk(Action, frozen=True, tag="ArchiveChunk"):
    """Copy one file of a recording, and its metadata, to the archive. The queue-triggered function has time for it."""

    recording_id: str
    index: int
    path: str  # of the blob, without its extension

    lease: ClassVar[timedelta] = timedelta(minutes=10)
    time_limit: ClassVar[float] = 540.0

    def is_final(self, code: int, sub_code: int, tries: int) -> bool:  # noqa: ARG002  # a file that exists is copied
        return code == NOT_FOUND
