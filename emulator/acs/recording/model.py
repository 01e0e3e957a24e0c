"""A recording: its format, its state, and which part of the call it holds. Plain data; nothing here waits or sends."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from emulator.acs.audio import FRAMES_PER_SECOND

KIND = "azureCommunicationServices"

State = Literal["pending", "active", "paused", "stopped", "failed"]


@dataclass
class Take:
    """A part recorded without a pause, in seconds of the wall's monotonic clock; ``end`` None while it lasts."""

    start: float
    end: float | None = None


@dataclass
class Recording:
    id: str
    callback_uri: str | None
    content: str
    channel: str
    format: str
    pause_on_start: bool
    channels: dict[int, str]  # raw ids by channel, where the request assigned them
    container_url: str | None = None
    state: State = "pending"
    started_at: datetime | None = None
    takes: list[Take] = field(default_factory=list)
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.state in ("pending", "active", "paused")

    @property
    def wire_state(self) -> str:
        return "active" if self.state == "active" else "inactive"

    @property
    def mixed(self) -> bool:
        return self.channel == "mixed"

    def enter(self, state: Literal["active", "paused", "stopped"], now: datetime, wall: float) -> None:
        """Start, pause, resume or stop: closes the current take or pause and opens the next."""
        self.started_at = self.started_at or now
        if self.takes and self.takes[-1].end is None:
            self.takes[-1].end = wall
        if self.pauses and self.pauses[-1][1] is None:
            self.pauses[-1] = (self.pauses[-1][0], now)
        if state == "active":
            self.takes.append(Take(wall))
        elif state == "paused":
            self.pauses.append((now, None))
        self.state = state

    @property
    def end(self) -> float:
        """When the last take ended, on the wall's monotonic clock."""
        return (self.takes[-1].end or 0.0) if self.takes else 0.0

    @property
    def frames(self) -> int:
        return self.frame_at(self.end)

    def frame_at(self, moment: float | None) -> int:
        """The recording's frame at a moment, or at its end; paused time has no frames."""
        until = self.end if moment is None else moment
        seconds = sum(max(0.0, min(until, take.end) - take.start) for take in self.takes if take.end is not None)
        return round(seconds * FRAMES_PER_SECOND)

    def describe(self) -> dict[str, Any]:
        """As the control API shows it."""
        return {"recordingId": self.id, "state": self.state, "documents": self.documents}

    def properties(self) -> dict[str, Any]:
        """RecordingStateResponse."""
        return {"recordingId": self.id, "recordingState": self.wire_state, "recordingKind": KIND}
