"""The parties of a call: where each of them is over time, and whether they can be heard there."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from emulator.acs.identifiers import Identifier
from emulator.acs.track import Track

T = TypeVar("T")

CALL = "call"  # the place of those who hear each other in the call


class Timeline(Generic[T]):
    """A value over time, in seconds of the wall's monotonic clock."""

    def __init__(self, value: T) -> None:
        self.moments: list[float] = []  # of the changes
        self._values = [value]

    def set(self, value: T, now: float) -> None:
        if value != self._values[-1]:
            self._values.append(value)
            self.moments.append(now)

    def at(self, moment: float) -> T:
        return self._values[bisect_right(self.moments, moment)]


class Presence(NamedTuple):
    """Parties hear each other if they are in the same place: the call, or a conversation after a transfer.

    A party on hold, or to whom alone something is played, is in a place of their own. ``""`` is nowhere.
    """

    place: str = ""
    audible: bool = False


class Phrase(NamedTuple):
    """Something that a party says. Without words it is not understood."""

    text: str
    confidence: float = 0.92  # of the recognition


@dataclass
class Participant:
    identifier: Identifier
    voice: int  # the number of their tone
    captured: Track | None = None  # what their microphone sends, in place of the tone
    is_muted: bool = False
    is_on_hold: bool = False
    is_isolated: bool = False  # a prompt is played to them alone: isOnHold shows it, as recorded
    present: bool = False
    hangs_up_at: float | None = None  # by their script, on the clock's ``elapsed``
    elsewhere: str = ""  # the place of the conversation that they were transferred to
    presence: Timeline[Presence] = field(default_factory=lambda: Timeline(Presence()))

    @property
    def raw_id(self) -> str:
        return str(self.identifier["rawId"])

    @property
    def place(self) -> str:
        if not self.present:
            return self.elsewhere
        return f"apart {self.raw_id}" if self.is_on_hold or self.is_isolated else CALL

    def update(self, now: float) -> None:
        """After a change of presence, mute, hold or isolation."""
        place = self.place
        self.presence.set(Presence(place, bool(place) and not self.is_muted), now)

    def leave(self, now: float, elsewhere: str = "") -> None:
        """Leave the call, for a conversation elsewhere or for good."""
        self.present = self.is_muted = self.is_on_hold = self.is_isolated = False
        self.elsewhere = elsewhere
        self.update(now)

    def describe(self) -> dict[str, Any]:
        on_hold = self.is_on_hold or self.is_isolated
        return {"identifier": self.identifier, "isMuted": self.is_muted, "isOnHold": on_hold}
