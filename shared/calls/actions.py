"""Actions: the requests to ACS and to storage that a call can lead to, as plain data.

Each action has the time for which an invocation leases it (``lease``), the time that one request may take
(``time_limit``, seconds), and the time to wait for the event that reports its outcome (``outcome_timeout``). Tags are
saved in rows: they stay when a class is renamed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from msgspec import Struct

from shared.calls.result_codes import Disposition, look_up

NOT_FOUND = 404
MOST_TRIES = 3

# Event Grid waits 30 seconds for a function. The functions of this app end after 9
# (service.time_limits.INVOCATION_SECONDS), and an effect within them after 6. A lease that is older than 10 seconds
# belongs to an invocation that died.
EFFECT_SECONDS = 6.0
LEASE = timedelta(seconds=10)


class Action(Struct, frozen=True, tag_field="do"):
    """The base of all actions."""

    lease: ClassVar[timedelta] = LEASE
    time_limit: ClassVar[float] = EFFECT_SECONDS
    outcome_timeout: ClassVar[timedelta] = timedelta(minutes=1)

    @property
    def name(self) -> str:
        return str(self.__struct_config__.tag)

    def is_final(self, code: int, sub_code: int, tries: int) -> bool:  # noqa: ARG002  # subclasses use them
        """Whether a request that failed for the ``tries``-th time is not sent again."""
        return False


class StartRecording(Action, frozen=True, tag="StartRecording"):
    """Each attempt is an action of its own: the recording capability decides whether another one follows."""

    attempt: int  # from 1

    def is_final(self, code: int, sub_code: int, tries: int) -> bool:  # noqa: ARG002  # as the docstring says
        return True


class Play(Action, frozen=True, tag="Play"):
    """Play to every participant. ``source`` is text to speak, or the URL of an audio file."""

    purpose: str  # the step, such as "announcement"
    source: str

    outcome_timeout: ClassVar[timedelta] = timedelta(minutes=2)

    def is_final(self, code: int, sub_code: int, tries: int) -> bool:
        return _is_final_or_last(code, sub_code, tries)


class SendDtmf(Action, frozen=True, tag="SendDtmf"):
    """Send tones (``0``-``9``, ``*``, ``#``, ``A``-``D``) to one participant, by raw id."""

    target: str
    tones: str

    def is_final(self, code: int, sub_code: int, tries: int) -> bool:
        return _is_final_or_last(code, sub_code, tries)


class HangUp(Action, frozen=True, tag="HangUp"):
    """End the call for everyone."""

    outcome_timeout: ClassVar[timedelta] = timedelta(seconds=30)


class FetchCallState(Action, frozen=True, tag="FetchCallState"):
    """Ask ACS for the state of the call."""


class ArchiveChunk(Action, frozen=True, tag="ArchiveChunk"):
    """Copy one file of a recording, and its metadata, to the archive. The queue-triggered function has time for it."""

    recording_id: str
    index: int
    path: str  # of the blob, without its extension

    lease: ClassVar[timedelta] = timedelta(minutes=10)
    time_limit: ClassVar[float] = 540.0

    def is_final(self, code: int, sub_code: int, tries: int) -> bool:  # noqa: ARG002  # a file that exists is copied
        return code == NOT_FOUND


def _is_final_or_last(code: int, sub_code: int, tries: int) -> bool:
    return tries >= MOST_TRIES or look_up(code, sub_code).disposition is not Disposition.TRANSIENT


AnyAction = StartRecording | Play | SendDtmf | HangUp | FetchCallState | ArchiveChunk
