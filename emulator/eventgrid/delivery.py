"""A subscription at work: the handshake, the deliveries and their retries."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any

import aiohttp

from emulator.clock import Clock, stamp
from emulator.eventgrid import schedule
from emulator.eventgrid.attempts import Delivery, Endpoint, HandshakeFailed, judge
from emulator.eventgrid.config import Subscription
from emulator.eventgrid.deadletters import DeadLetters
from emulator.journal import Journal

AT_ONCE = 64  # deliveries in parallel; the real service's number is not published
# Seconds of the wall between handshakes, since a process starts at the wall's speed. The pauses double after a wrong
# answer, which has to be changed first, and after so many failures to reach an endpoint that it is not just starting.
HANDSHAKE_PAUSE, LONGEST_PAUSE, STARTING_ATTEMPTS = 0.2, 30.0, 100
log = logging.getLogger("emulator.eventgrid")


class Subscriber:
    def __init__(
        self,
        subscription: Subscription,
        *,
        session: aiohttp.ClientSession,
        clock: Clock,
        journal: Journal,
        dead_letters: DeadLetters,
    ) -> None:
        self.subscription = subscription
        self._endpoint = Endpoint(subscription, session, clock)
        self._clock, self._journal, self._dead_letters = clock, journal, dead_letters
        self._ready = asyncio.Event()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._handshake = asyncio.create_task(self._shake_hands())

    @property
    def ready(self) -> bool:
        """Whether the handshake has succeeded."""
        return self._ready.is_set()

    def idle(self) -> bool:
        return not self._tasks

    def deliver(self, events: list[dict[str, Any]]) -> None:
        """Deliver events in the background, in batches of the subscription's size."""
        size = self.subscription.max_events_per_batch
        for start in range(0, len(events), size):
            self.spawn(self.carry(self.delivery(events[start : start + size])))

    def delivery(self, events: list[dict[str, Any]]) -> Delivery:
        return Delivery(events, published=self._clock.now(), accepted=self._clock.elapsed())

    async def carry(self, delivery: Delivery) -> None:
        """Bring a delivery to its end: delivered, or given up."""
        if not await self.first(delivery):
            await self.retry(delivery)

    async def first(self, delivery: Delivery) -> bool:
        """The first attempt, as soon as the endpoint has shaken hands; whether that was the end of it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(self._left(delivery), 0.0) / self._clock.speed):
                await self._ready.wait()
        if self.ready:
            return await self._attempt(delivery)
        await self._dead_letters.add(self.subscription, delivery, schedule.EXPIRED)
        return True

    async def retry(self, delivery: Delivery) -> None:
        """Everything after a first attempt that failed."""
        while True:
            reason, pause = judge(self.subscription, delivery)
            reason = reason or await self._pause(delivery, pause)
            if reason is not None:
                await self._dead_letters.add(self.subscription, delivery, reason)
                return
            if await self._attempt(delivery):
                return

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something in the background; until it has ended the subscription is not idle."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def drop_all(self) -> None:
        """Forget the deliveries under way."""
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        self.drop_all()
        self._handshake.cancel()
        await asyncio.gather(self._handshake, *self._tasks, return_exceptions=True)

    async def _shake_hands(self) -> None:
        """Try until the endpoint agrees; the journal has the first failure, each new reason, and the success."""
        attempt, reason, pause = 0, None, HANDSHAKE_PAUSE / 2
        while not self.ready:
            attempt, before = attempt + 1, reason
            try:
                await self._endpoint.shake_hands()
                self._ready.set()
                reason = None
            except HandshakeFailed as failed:
                reason = str(failed)
                pause = _next_pause(pause, attempt, failed)
            if self.ready or reason != before:
                self._record_handshake(attempt, reason)
            if not self.ready:
                await self._clock.sleep(pause * self._clock.speed)

    def _record_handshake(self, attempt: int, reason: str | None) -> None:
        name, endpoint = self.subscription.name, self.subscription.endpoint.partition("?")[0]
        self._journal.add("handshake", subscription=name, endpoint=endpoint, attempt=attempt, reason=reason)
        if reason:
            log.info("subscription %s waits for its endpoint's handshake: %s", name, reason)

    async def _attempt(self, delivery: Delivery) -> bool:
        """One POST; whether the events count as delivered."""
        async with self._room:
            delivery.attempts += 1
            delivery.attempted = self._clock.now()
            delivery.status = await self._endpoint.post(delivery)
        if delivery.status is not None:
            delivery.outcome = schedule.outcome(delivery.status)
        self._record(delivery)
        if delivery.lose_ack:  # the answer came, but not to us
            delivery.lose_ack, delivery.status, delivery.outcome = False, None, "TimedOut"
        return delivery.status in schedule.SUCCESS

    def _record(self, delivery: Delivery) -> None:
        self._journal.add(
            "delivery",
            subscription=self.subscription.name,
            function=self.subscription.function,
            events=[{"id": event["id"], "type": event["type"]} for event in delivery.events],
            attempt=delivery.attempts,
            sent=stamp(delivery.attempted) if delivery.attempted else None,
            status=delivery.status,
            outcome=delivery.outcome,
        )

    async def _pause(self, delivery: Delivery, pause: float) -> str | None:
        """Wait for the next attempt; the reason to give up if the events' time to live ends before it."""
        left = self._left(delivery)
        await self._clock.sleep(max(0.0, min(pause, left)))
        return schedule.EXPIRED if pause >= left else None

    def _left(self, delivery: Delivery) -> float:
        """Emulated seconds until the events expire."""
        return delivery.accepted + self.subscription.ttl_minutes * 60 - self._clock.elapsed()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a delivery to %s broke", self.subscription.name, exc_info=error)


def _next_pause(pause: float, attempt: int, failed: HandshakeFailed) -> float:
    starting = not failed.reachable and attempt < STARTING_ATTEMPTS
    return HANDSHAKE_PAUSE if starting else min(pause * 2, LONGEST_PAUSE)
