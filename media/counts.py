"""What the service counts: read by its health endpoint, and logged once a minute."""

from __future__ import annotations

from collections import Counter


class Counts:
    """``refused`` by reason, ``closed`` by reason; the others in total since the start."""

    def __init__(self) -> None:
        self.open = 0
        self.accepted = 0
        self.refused: Counter[str] = Counter()
        self.closed: Counter[str] = Counter()
        self.malformed = 0
        self.dropped = 0
