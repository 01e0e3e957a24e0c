"""The rules of emulator/faults.py, applied to the events of one subscription."""

from __future__ import annotations

import asyncio
from typing import Any

from emulator.clock import Clock
from emulator.eventgrid.attempts import Delivery
from emulator.eventgrid.delivery import Subscriber
from emulator.faults import Fault, Faults
from emulator.journal import Journal

# Where a rule says nothing: deliveries of a duplicate, events and seconds held back, seconds of delay.
COUNT, SECONDS = 2, 5.0


class FaultInjector:
    def __init__(self, subscriber: Subscriber, *, clock: Clock, journal: Journal, faults: Faults) -> None:
        self._subscriber, self._clock, self._journal, self._faults = subscriber, clock, journal, faults
        self._held: list[Delivery] = []
        self._timer: asyncio.Task[None] | None = None

    def accept(self, events: list[dict[str, Any]]) -> None:
        """Deliver those of the events that the subscription wants, subject to the rules."""
        wanted = [event for event in events if self._subscriber.subscription.wants(event)]
        self._subscriber.deliver([event for event in wanted if not self._strikes(event)])

    def forget(self) -> None:
        self._held.clear()
        self._timer = None

    def _strikes(self, event: dict[str, Any]) -> bool:
        """Whether a rule took the event over."""
        subscription = self._subscriber.subscription
        facts = {"type": event["type"], "subscription": subscription.name, "topic": subscription.topic}
        fault = self._faults.take("eventgrid", **facts)
        if fault is None:
            return False
        self._journal.add("fault", rule=fault.describe(), subscription=subscription.name, event=event["id"])
        self._apply(fault, self._subscriber.delivery([event]))
        return True

    def _apply(self, fault: Fault, delivery: Delivery) -> None:
        subscriber, rule = self._subscriber, fault.with_
        match fault.do:
            case "duplicate":
                for _ in range(int(rule.get("count", COUNT))):
                    subscriber.spawn(subscriber.carry(subscriber.delivery(delivery.events)))
            case "reorder":
                self._hold(delivery, int(rule.get("count", COUNT)), float(rule.get("seconds", SECONDS)))
            case "delay":
                subscriber.spawn(self._later(delivery, float(rule.get("seconds", SECONDS))))
            case "lose_ack":
                delivery.lose_ack = True
                subscriber.spawn(subscriber.carry(delivery))
            case _:  # "drop": nothing more happens to it
                pass

    async def _later(self, delivery: Delivery, seconds: float) -> None:
        await self._clock.sleep(seconds)
        await self._subscriber.carry(delivery)

    def _hold(self, delivery: Delivery, count: int, seconds: float) -> None:
        self._held.append(delivery)
        if len(self._held) < count:
            self._timer = self._timer or self._subscriber.spawn(self._release_after(seconds))
            return
        if self._timer:
            self._timer.cancel()
        self._subscriber.spawn(self._release())

    async def _release_after(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        await self._release()

    async def _release(self) -> None:
        """Send the held events, the last first; each one's first attempt ends before the next one's begins."""
        held, self._held, self._timer = self._held[::-1], [], None
        for delivery in held:
            if not await self._subscriber.first(delivery):
                self._subscriber.spawn(self._subscriber.retry(delivery))
