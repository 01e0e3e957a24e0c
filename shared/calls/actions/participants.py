"""Participants are invited, removed, muted, held and moved."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from shared.calls.actions.base import Operation


class AddParticipant(Operation, frozen=True, tag="AddParticipant"):
    """Invite a participant, who rings for ``ring_seconds`` (0-180; ACS's default where it is None)."""

    target: str
    ring_seconds: int | None = None

    longest_outcome: ClassVar[timedelta] = timedelta(minutes=4)
    takes_over: ClassVar[bool] = True


class CancelInvitation(Operation, frozen=True, tag="CancelInvitation"):
    """Cancel an ``AddParticipant``, by its operation context."""

    operation: str

    @property
    def cancels(self) -> str:
        return self.operation


class RemoveParticipant(Operation, frozen=True, tag="RemoveParticipant"):
    target: str

    longest_outcome: ClassVar[timedelta] = timedelta(minutes=3)


class MuteParticipant(Operation, frozen=True, tag="MuteParticipant"):
    target: str

    is_done_when_accepted: ClassVar[bool] = True


class HoldParticipant(Operation, frozen=True, tag="HoldParticipant"):
    """Hold a participant, who hears ``source`` (as in ``Play``); silence without one."""

    target: str
    source: str = ""

    is_done_when_accepted: ClassVar[bool] = True


class UnholdParticipant(Operation, frozen=True, tag="UnholdParticipant"):
    target: str

    is_done_when_accepted: ClassVar[bool] = True


class MoveParticipants(Operation, frozen=True, tag="MoveParticipants"):
    """Move participants from another call, by its connection id, into this one."""

    targets: tuple[str, ...]
    from_connection: str

    takes_over: ClassVar[bool] = True
