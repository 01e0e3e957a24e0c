"""Timer triggers."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from azure.functions.meta import Datum
from croniter import croniter

from emulator.host.functions import BadApp, Function
from emulator.host.invoke import Invoker, Trigger
from emulator.host.settings import TIME_SPAN, seconds

FIELDS = 6
# A run that is later than this is past due: another run, or a sleeping machine, delayed it.
LATE = timedelta(seconds=1)
log = logging.getLogger("emulator.host")


def schedule(expression: str, start: datetime) -> Iterator[datetime]:
    """The moments after ``start`` that an NCRONTAB expression of six fields, or a TimeSpan, names
    (functions-bindings-timer.md). Raises ValueError.
    """
    if TIME_SPAN.fullmatch(expression.strip()):
        return _every(timedelta(seconds=seconds(expression)), start)
    fields = expression.split()
    if len(fields) == FIELDS - 1:  # an ordinary cron expression: the host runs it at second 0
        fields.insert(0, "0")
    if len(fields) != FIELDS:
        raise ValueError("it has six fields: second minute hour day month day-of-week")
    # NCrontab wants the day of the month and the day of the week both to fit; cron accepts either.
    times = croniter(" ".join(fields), start, second_at_beginning=True, day_or=False)
    return (times.get_next(datetime) for _ in iter(int, 1))


class Timer:
    def __init__(self, function: Function, expression: str, invoker: Invoker) -> None:
        self._function, self._invoker = function, invoker
        self._last: datetime | None = None
        try:
            self._moments = schedule(expression, datetime.now(UTC))
            self.next = next(self._moments)
        except ValueError as error:
            raise BadApp(f"function {function.name!r}: schedule {expression!r}: {error}") from error

    async def run(self) -> None:
        """Run the function at its times for ever; runs never overlap, and of several missed times only one
        is made up for.
        """
        if self._function.trigger.get("runOnStartup"):
            await self._invoke(past_due=False)
        while True:
            due = self.next
            await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
            if datetime.now(UTC) < due:
                continue  # woken a little early
            late = datetime.now(UTC) - due > LATE
            while self.next <= datetime.now(UTC):
                self.next = next(self._moments)
            await self._invoke(past_due=late)

    def trigger(self, *, past_due: bool = False) -> Trigger:
        """The host's TimerInfo."""
        stamps = {"Last": self._last, "LastUpdated": self._last, "Next": self.next}
        info = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": {name: stamp.isoformat() if stamp else None for name, stamp in stamps.items()},
            "IsPastDue": past_due,
        }
        return Trigger(Datum(json.dumps(info), "json"), f"Timer fired at {datetime.now(UTC).isoformat()}")

    async def _invoke(self, *, past_due: bool) -> None:
        trigger = self.trigger(past_due=past_due)
        self._last = datetime.now(UTC)
        await self._invoker.run(self._function, trigger)


def _every(step: timedelta, start: datetime) -> Iterator[datetime]:
    if not step:
        raise ValueError("an interval of nothing")
    return (start + step * n for n, _ in enumerate(iter(int, 1), start=1))
