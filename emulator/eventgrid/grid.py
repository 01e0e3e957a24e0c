"""Topics and their subscribers."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from emulator.clock import Clock
from emulator.eventgrid.config import (
    Subscription,
    Topic,
    read_subscription,
    read_subscriptions,
    read_topics,
)
from emulator.eventgrid.deadletters import DeadLetters
from emulator.eventgrid.delivery import Subscriber
from emulator.eventgrid.fault_injection import FaultInjector
from emulator.eventgrid.schemas import BadEvent, check
from emulator.faults import Faults
from emulator.journal import Journal


class EventGrid:
    """Event Grid as a configuration describes it (see infra/local.json). Raises BadConfig.

    ``functions_url`` takes the place of the configuration's ``functions``, the webhook that subscriptions
    with a ``function`` deliver to; ``storage`` is the connection string dead letters are written with.
    """

    def __init__(
        self,
        config: dict[str, Any],
        *,
        clock: Clock,
        journal: Journal,
        faults: Faults,
        functions_url: str | None = None,
        storage: str | None = None,
    ) -> None:
        self._clock, self._journal, self._faults = clock, journal, faults
        self._functions_url = functions_url or config.get("functions")
        self.topics: dict[str, Topic] = read_topics(config)
        self._configured = read_subscriptions(config, self.topics, self._functions_url)
        self._dead_letters = DeadLetters(clock=clock, journal=journal, storage=storage)
        self._subscribers: dict[str, tuple[Subscriber, FaultInjector]] = {}
        self._session: aiohttp.ClientSession | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin the handshakes. Endpoints need not be there yet."""
        connector = aiohttp.TCPConnector(limit=0)  # the bound is each subscription's own
        self._session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None))
        for subscription in self._configured.values():
            self.subscribe(subscription)

    async def close(self) -> None:
        for subscriber, _ in self._subscribers.values():
            await subscriber.close()
        self._subscribers.clear()
        await asyncio.gather(*self._closing, return_exceptions=True)
        if self._session:
            await self._session.close()
            self._session = None

    def reset(self) -> None:
        """Forget deliveries and dead letters, and go back to the configured subscriptions."""
        self._dead_letters.clear()
        if self._session is None:
            return
        for name in set(self._subscribers) - set(self._configured):
            self.unsubscribe(name)
        for subscriber, injector in self._subscribers.values():
            subscriber.drop_all()
            injector.forget()
        for name, subscription in self._configured.items():
            current = self.subscription(name)
            if current is None or current.subscription != subscription:
                self.subscribe(subscription)

    async def publish(self, topic: str, events: list[dict[str, Any]]) -> None:
        """Accept CloudEvents; delivery goes on in the background. Raises BadEvent; then none is accepted."""
        if topic not in self.topics:
            raise BadEvent(f"there is no topic {topic!r}")
        for event in events:
            check(event)
        for event in events:
            self._journal.add("event", topic=topic, event=event)
        for subscriber, injector in self._subscribers.values():
            if subscriber.subscription.topic == topic:
                injector.accept(events)

    def dead_letters(self) -> list[dict[str, Any]]:
        """The events that were given up: ``{"subscription", "event"}``, the event with its dead-letter fields."""
        return self._dead_letters.letters()

    def idle(self) -> bool:
        """Whether no event is under way or waits for a retry."""
        return all(subscriber.idle() for subscriber, _ in self._subscribers.values())

    def parse_subscription(self, entry: dict[str, Any]) -> Subscription:
        """A subscription as the configuration would have it. Raises BadConfig."""
        return read_subscription(entry, self.topics, self._functions_url)

    def subscriptions(self) -> list[Subscriber]:
        return [subscriber for subscriber, _ in self._subscribers.values()]

    def subscription(self, name: str) -> Subscriber | None:
        pair = self._subscribers.get(name)
        return pair[0] if pair else None

    def subscribe(self, subscription: Subscription) -> bool:
        """Take a subscription on, in place of any of the same name; whether it is a new one."""
        if self._session is None:
            raise RuntimeError("EventGrid.start() comes first")
        replaced = self.unsubscribe(subscription.name)
        subscriber = Subscriber(
            subscription,
            session=self._session,
            clock=self._clock,
            journal=self._journal,
            dead_letters=self._dead_letters,
        )
        injector = FaultInjector(subscriber, clock=self._clock, journal=self._journal, faults=self._faults)
        self._subscribers[subscription.name] = (subscriber, injector)
        return not replaced

    def unsubscribe(self, name: str) -> bool:
        """End a subscription and its deliveries; whether there was one."""
        pair = self._subscribers.pop(name, None)
        if pair is None:
            return False
        task = asyncio.create_task(pair[0].close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return True
