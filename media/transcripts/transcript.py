"""A transcript, independent of where it is kept: which lines are new, and what it amounts to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from media.transcripts.lines import (
    AnyLine,
    Closed,
    Gap,
    LeftOut,
    Opened,
    Said,
    identity,
    identity_of,
    said,
)
from media.wire import TICKS, TranscriptionData, TranscriptionMetadata

# Offsets count from the beginning of the subscription. Earlier versions of ACS have sent a moment in ticks (recorded
# messages in the tests of Microsoft's SDKs, of 2024): from there only differences are used.
LONGEST_OFFSET = timedelta(days=7) // timedelta(microseconds=1) * 10


class Transcript:
    """``lines`` are those that were added with ``add``; ``begun_at`` is the moment of the first."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._begun: dict[str, datetime] = {}  # by subscription
        self._bases: dict[str, int] = {}  # the first offset of a subscription that sends moments
        self.begun_at: datetime | None = None
        self.until: datetime | None = None
        self.said = self.gaps = self.left_out = 0

    def add(self, lines: Iterable[AnyLine]) -> list[AnyLine]:
        """Add lines, and return those that were not there."""
        return [line for line in lines if self._add(line)]

    def _add(self, line: AnyLine) -> bool:
        if line.id in self._ids:
            return False
        self._ids.add(line.id)
        self.begun_at = min(self.begun_at or line.at, line.at)
        self.until = max(self.until or line.at, line.at)
        match line:
            case Opened(subscription_id=subscription, at=at):
                self._begun.setdefault(subscription, at)
            case Said(final=True):
                self.said += 1
            case Gap(until=until):
                self.gaps += 1
                self.until = max(self.until, until)
            case LeftOut():
                self.left_out += 1
        return True

    def opened(self, metadata: TranscriptionMetadata, now: datetime) -> list[AnyLine]:
        """The lines for a new socket: where there was one before, the gap is marked."""
        lines: list[AnyLine] = []
        subscription = metadata.subscription_id
        if self.until is not None:
            lines.append(self.gap(min(self.until, now), now))
        if subscription not in self._begun:
            lines.append(Opened(identity(subscription, "opened"), now, subscription, metadata.locale))
        return lines

    def gap(self, start: datetime, end: datetime) -> Gap:
        return Gap(identity("gap", start.isoformat(), end.isoformat()), start, end)

    def closed(self, subscription: str, reason: str, now: datetime) -> Closed:
        return Closed(identity(subscription, "closed", now.isoformat()), now, reason)

    def knows(self, subscription: str, data: TranscriptionData) -> bool:
        return identity_of(subscription, data) in self._ids

    def line(self, subscription: str, data: TranscriptionData, locale: str, now: datetime) -> Said:
        offset = self._offset(subscription, data.offset)
        at = self._begun.get(subscription, now) + timedelta(seconds=offset)
        return said(identity_of(subscription, data), at.astimezone(UTC), offset, data, locale)

    def _offset(self, subscription: str, ticks: int) -> float:
        if not 0 <= ticks <= LONGEST_OFFSET:
            ticks -= self._bases.setdefault(subscription, ticks)
            ticks = min(max(ticks, 0), LONGEST_OFFSET)
        return round(ticks / TICKS, 3)


def left_out(line: Said) -> LeftOut:
    """The line without what was said."""
    return LeftOut(line.id, line.at, line.duration)
