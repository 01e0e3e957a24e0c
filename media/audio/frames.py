"""What sinks receive: frames of audio and keys, with the time at which they were heard."""

from __future__ import annotations

from msgspec import Struct

from media.wire import SAMPLE, AudioData, Malformed

LONGEST_FRAME = 1.0  # seconds; ACS sends 20 ms
TOLERANCE = 0.01  # seconds by which time stamps differ from the length of the audio: they are rounded


class Format(Struct, frozen=True):
    """16-bit PCM with one channel. ``rate``: samples a second."""

    rate: int

    @property
    def bytes_per_second(self) -> int:
        return self.rate * SAMPLE


class Frame(Struct, frozen=True, gc=False):
    """``participant`` is a raw id, empty for mixed audio; ``at`` in seconds since 1970 (UTC). ``pcm`` is a view of the
    decoded bytes. ``missing``: seconds before it that never came. ``late``: it came after a later one, or twice.
    """

    participant: str
    at: float
    pcm: memoryview
    silent: bool = False
    missing: float = 0.0
    late: bool = False


class Key(Struct, frozen=True):
    """A key that a participant pressed: ``0``-``9``, ``*``, ``#``."""

    key: str


class Clock:
    """The time stamps of one participant's frames."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next = 0.0

    def frame(self, data: AudioData, per_second: int) -> Frame:
        """The frame, with what its time stamp shows. Raises Malformed."""
        length = len(data.data)
        seconds = length / per_second
        if length % SAMPLE or seconds > LONGEST_FRAME:
            raise Malformed("its audio is no frame of 16-bit samples")
        at, due = data.timestamp.timestamp(), self._next
        if due and at < due - TOLERANCE:
            return Frame(data.participant or "", at, memoryview(data.data), data.silent, late=True)
        missing = at - due if due and at > due + TOLERANCE else 0.0
        self._next = at + seconds
        return Frame(data.participant or "", at, memoryview(data.data), data.silent, missing)
