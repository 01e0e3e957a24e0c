"""Processes events: read the row, fold, save, perform the effects, fold their outcomes."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError
from msgspec import to_builtins
from msgspec.structs import replace

from shared.calls import timeline
from shared.calls.actions import EFFECT_SECONDS
from shared.calls.capabilities import Call, next_timer_at, reduce
from shared.calls.effect import Effect
from shared.calls.event import Event, TimerFired, timer_fired
from shared.platform import telemetry
from shared.platform.settings import Settings
from shared.service.time_limits import INVOCATION_SECONDS
from shared.storage.calls import PAUSE, CallStore, Conflict, Row, UnreadableRow
from shared.storage.quarantine import Quarantine
from shared.storage.wakes import Wakes

if TYPE_CHECKING:
    from shared.acs.executor import EffectExecutor

log = logging.getLogger(__name__)

CONFLICTS = 8  # of other writes with this one, until the event must be delivered again
UNKNOWN_PAUSE = timedelta(hours=1)
CHANGING = {"Timestamp", "next_check_at", PAUSE}  # left out of a quarantined row, so that it is stored once
CONFLICT = "call %s: its row has changed since it was read"
SOON = timedelta(seconds=60)  # timers that are due within it use the queue; the sweep, every minute, finds the others
MOMENT = timedelta(seconds=3)  # a timer that is due so soon after an invocation began can be awaited by it
OTHERS_SECONDS = 2.0  # for which an outcome that can wait is not saved alone
CLOCK_MARGIN = 0.01  # seconds: a wait is measured with another clock than the one that due times are compared with


class TryAgain(Exception):
    """The event cannot be handled now. Raised so that it is delivered again."""


@dataclass
class _Work:
    """One invocation's work on one call. The row of each write is handed on to the next fold."""

    call_id: str
    effect_seconds: float
    row: Row | None = None
    timer: datetime | None = None  # the next of the call, if a write of this invocation has set it
    waiting: list[Event] = field(default_factory=list)  # outcomes that are saved together with the next
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True)
class _Change:
    """The call before and after the events, and the effects that this invocation has leased."""

    before: Call | None
    call: Call
    effects: list[Effect]
    events: list[Event]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to save. A timer alone does not create a row."""
        if self.before is None:
            return all(isinstance(event.data, TimerFired) for event in self.events)
        return self.call == self.before


class Processor:
    """One for each process. It has no state from one invocation to the next."""

    def __init__(
        self,
        settings: Settings,
        store: CallStore,
        executor: EffectExecutor,
        now: Callable[[], datetime],
        *,
        quarantine: Quarantine,
        wakes: Wakes,
    ) -> None:
        self._settings = settings
        self._store = store
        self._executor = executor
        self._quarantine = quarantine
        self._wakes = wakes
        self._now = now

    async def process(
        self, call_id: str, events: list[Event], row: Row | None = None, *, effect_seconds: float = EFFECT_SECONDS
    ) -> None:
        """Fold events into the call, perform the effects that are due and fold their outcomes, until none is due.

        ``row`` saves the read where most likely no row exists yet. ``effect_seconds`` limits each effect in this
        invocation.
        """
        await self._advance(_Work(call_id, effect_seconds, row), events)

    async def process_and_wait(self, call_id: str, events: list[Event]) -> None:
        """The same, and the effects that become due within a ``MOMENT``, such as the first retry of a recording: the
        queue's function may have to start from zero instances. Its message remains, for an invocation that dies.
        """
        until, work = self._now() + MOMENT, _Work(call_id, EFFECT_SECONDS)
        await self._advance(work, events)
        while (due := work.timer) is not None and due <= until:
            await asyncio.sleep((due - self._now()).total_seconds() + CLOCK_MARGIN)
            work.row = work.timer = None
            work.effect_seconds = EFFECT_SECONDS - MOMENT.total_seconds()
            await self._advance(work, [timer_fired(self._now())])

    async def _advance(self, work: _Work, events: list[Event]) -> None:
        # The lock and the limit are not held while effects are performed: a copy can take minutes.
        async with work.lock, asyncio.timeout(INVOCATION_SECONDS):
            waiting, work.waiting = work.waiting, []
            change = await self._record(work, [*waiting, *events]) if waiting or events else None
        if change is not None and change.effects:
            await self._perform(work, change)

    async def _record(self, work: _Work, events: list[Event]) -> _Change | None:
        """Fold the events into the row and save it, which leases the effects; None if the events change nothing."""
        unconfirmed: _Change | None = None
        for conflicts in range(CONFLICTS + 1):
            handed_on = work.row is not None
            row = work.row = work.row or await self._read(work.call_id)
            if unconfirmed is not None and row.call == unconfirmed.call:
                await self._after_write(work, unconfirmed)
                return unconfirmed  # the conflict was with this invocation's own write, whose response was lost
            change = await self._folded(work.call_id, row.call, events)
            if change.is_empty:
                if not handed_on:
                    await self._postpone_check(row)
                    return None
                work.row = None  # it may be stale, and without a write no ETag would show that
                continue
            try:
                work.row = await self._store.write(row, change.call)
            except Conflict:
                work.row, unconfirmed = None, change
                log.info(CONFLICT, work.call_id)
                await asyncio.sleep(random.uniform(0, 0.05 * conflicts))  # noqa: S311  # so that two writers do not collide again
                continue
            await self._after_write(work, change)
            return change
        raise TryAgain(f"call {work.call_id}: its row changed {CONFLICTS + 1} times; the event must be delivered again")

    async def _read(self, call_id: str) -> Row:
        """Raises UnreadableRow, after the row is quarantined and hidden from the sweep for a while."""
        try:
            return await self._store.read(call_id)
        except UnreadableRow as row:
            content = {name: value for name, value in row.entity.items() if name not in CHANGING}
            await self._quarantine.add(content, str(row), "row")
            await self._store.postpone(row, self._now())
            raise

    async def _folded(self, call_id: str, before: Call | None, events: list[Event]) -> _Change:
        now = self._now()
        call, effects = _fold(self._begun(call_id, before), events, now)
        for event in events:
            if timeline.is_left_out(call.timeline, event):
                await self._quarantine.add(to_builtins(event), f"the timeline of call {call_id} is full", "timeline")
        return _Change(before, call, effects, events)

    def _begun(self, call_id: str, call: Call | None) -> Call:
        """The call, or a new one. Whether it publishes events is not fixed: a version before may have written it."""
        events = self._settings.publishes_events
        if call is None:
            return Call(id=call_id, policy=self._settings.call_policy)
        return call if call.policy.events == events else replace(call, policy=replace(call.policy, events=events))

    async def _postpone_check(self, row: Row) -> None:
        """Postpone the next check of a call for which this version has nothing to do: a newer version has set the row's
        ``next_check_at``. Otherwise each sweep would wake the call.
        """
        now = self._now()
        if row.call is not None and row.checked_next is not None and row.checked_next <= now:
            with suppress(Conflict):  # the next sweep finds the call again
                await self._store.write(replace(row, checked_next=now + UNKNOWN_PAUSE), row.call)

    async def _after_write(self, work: _Work, change: _Change) -> None:
        before, call = change.before, change.call
        await self._set_timer(work, before, call)
        if before is None or call.state is not before.state:
            log.info("call %s: %s", call.id, call.state)
        telemetry.emit(*telemetry.changes(before, call, change.events))

    async def _set_timer(self, work: _Work, before: Call | None, call: Call) -> None:
        due, now = next_timer_at(call), self._now()
        if before is not None and due == next_timer_at(before):
            return
        work.timer = due
        if due is None or due - now >= SOON:
            return
        try:
            await self._wakes.schedule(call.id, due - now)
        except AzureError as error:
            log.warning("call %s: its timer is not set, the sweep will find it: %s", call.id, type(error).__name__)

    async def _perform(self, work: _Work, change: _Change) -> None:
        """Perform the effects concurrently, and fold each outcome at once: none waits for a copy that takes minutes. A
        fault of this app in one is raised after the others have ended.
        """
        performing = [asyncio.create_task(self._carry_out(work, change.call, effect)) for effect in change.effects]
        if any(effect.action.outcome_can_wait for effect in change.effects):
            performing.append(asyncio.create_task(self._save_waiting(work, set(performing))))
        results = await asyncio.gather(*performing, return_exceptions=True)
        for error in results:
            if error is not None:
                raise error

    async def _save_waiting(self, work: _Work, pending: set[asyncio.Task[None]]) -> None:
        """Save the outcomes that can wait, unless that of another effect is saved soon, which takes them along."""
        while pending:
            _, pending = await asyncio.wait(pending, timeout=OTHERS_SECONDS)
            await self._advance(work, [])

    async def _carry_out(self, work: _Work, call: Call, effect: Effect) -> None:
        outcome = await self._executor.perform(call, effect, min(effect.action.time_limit, work.effect_seconds))
        if effect.action.outcome_can_wait:
            work.waiting.append(outcome)
        else:
            await self._advance(work, [outcome])


def _fold(call: Call, events: list[Event], now: datetime) -> tuple[Call, list[Effect]]:
    leased: dict[str, Effect] = {}
    for event in events:
        call, effects = reduce(call, event, now)
        leased |= {effect.id: effect for effect in effects}
    open_ids = {effect.id for effect in call.effects}
    return call, [effect for effect in leased.values() if effect.id in open_ids]
