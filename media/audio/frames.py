"""The time stamps of frames: which came late, and how much is missing between two of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import Struct

from media.wire import SAMPLE, Frame, Malformed

LONGEST_FRAME = 1.0  # seconds; ACS sends 20 ms
TOLERANCE = timedelta(milliseconds=10)  # by which time stamps differ from the length of the audio: they are rounded
NEVER = datetime(1, 1, 1, tzinfo=UTC)


class Format(Struct, frozen=True):
    """16-bit PCM with one channel. ``rate``: samples a second."""

    rate: int

    @property
    def bytes_per_second(self) -> int:
        return self.rate * SAMPLE


class Track(Struct):
    """One participant's frames so far. ``first`` and ``last`` are time stamps, ``length`` and ``step`` the length of a
    frame in bytes and in time.
    """

    bytes_per_second: int
    length: int = -1
    step: timedelta = timedelta()
    first: datetime = NEVER
    last: datetime = NEVER
    missing: timedelta = timedelta()
    late: int = 0

    def measure(self, frame: Frame) -> None:
        """Note the length of a frame. Raises Malformed."""
        length = len(frame.data)
        seconds = length / self.bytes_per_second
        if length % SAMPLE or seconds > LONGEST_FRAME:
            raise Malformed("its audio is no frame of 16-bit samples")
        self.length, self.step = length, timedelta(seconds=seconds)

    def is_late(self, frame: Frame) -> bool:
        """Note a frame whose time stamp is not exactly a step after the last one."""
        if self.last is NEVER:
            self.first = frame.timestamp
            return False
        difference = frame.timestamp - self.last - self.step
        if difference < -TOLERANCE:
            frame.late = True
            self.late += 1
        elif difference > TOLERANCE:
            frame.missing = difference.total_seconds()
            self.missing += difference
        return frame.late
