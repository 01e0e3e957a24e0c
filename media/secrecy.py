"""When a call's plan collects a secret: speech is then neither transcribed nor stored.

The row has it before the caller is asked: effects are recorded before they are performed. So a row that is read after
something was said knows whether it was secret.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.calls.capabilities import Call
from shared.calls.plans.secrets import Period, can_be_secret, secret_periods
from shared.storage.calls import CallStore

# How far the times of a row and those of a stream can differ: two clocks, and the delay of the stream.
MARGIN = timedelta(seconds=3)


class Secrecy:
    def __init__(self, store: CallStore, call: Call) -> None:
        self._store, self._call = store, call
        self._periods = secret_periods(call)

    async def refresh(self) -> None:
        """Read the row, unless its plan has no secrets. Raises AzureError, UnreadableRow."""
        if can_be_secret(self._call):
            self._call = (await self._store.read(self._call.id)).call or self._call
            self._periods = secret_periods(self._call)

    def covers(self, start: datetime, end: datetime) -> bool:
        """Whether a secret was collected at a time between the two; ``refresh`` first."""
        return any(_overlap(period, start - MARGIN, end + MARGIN) for period in self._periods)


def _overlap(period: Period, start: datetime, end: datetime) -> bool:
    begun, left = period
    return begun <= end and (left is None or start <= left)
