"""What a call publishes for other applications."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from shared.calls.actions.base import Action

MOST_TRIES = 30  # with pauses up to an hour: most of a day


class PublishEvents(Action, frozen=True, tag="PublishEvents"):
    """Publish events to the custom topic, in one request. ``keys`` name them (``calls.outbox``), the first has the
    number ``first`` in the call. ``recorded_at``: the time of those whose own is not known.
    """

    keys: tuple[str, ...]
    first: int
    recorded_at: datetime

    is_done_when_accepted: ClassVar[bool] = True
    outcome_can_wait: ClassVar[bool] = True

    def is_final(self, code: int, sub_code: int, tries: int) -> bool:  # noqa: ARG002
        return tries >= MOST_TRIES
