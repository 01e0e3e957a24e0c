"""An hour of a group with a queue, in virtual time: callers come, are rung at agents, talk, give up.

Storage is in memory, and each request takes no time: races are in ``test_claims``. This shows who is served when.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from azure.data.tables.aio import TableClient
from azure.storage.queue import TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient

from shared.agents.states import After, available
from shared.calls.identities import agent as raw_id
from tests.agents.conftest import BEGIN, Centre, user
from tests.simulation.storage import HttpRequest, Queues, Tables
from tests.simulation.transport import Transport, _body, _Response

AGAIN = 15.0  # seconds after which a call that waits asks again
WRAP_UP = 20
CONNECTION = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=a2V5;"
    "TableEndpoint=http://table/devstoreaccount1;QueueEndpoint=http://queue/devstoreaccount1;"
)
RESOURCE = TENANT = "c0000000-0000-4000-8000-000000000001"


def raw(id: str) -> str:
    return raw_id(RESOURCE, TENANT, id)


class Memory(Transport):
    """Tables and queues in memory."""

    def __init__(self, services: dict[str, Any]) -> None:
        self.services, self.requests = services, 0

    async def send(self, request: Any, *, stream: bool = False, **config: Any) -> Any:  # noqa: ARG002
        self.requests += 1
        headers = {name.lower(): value for name, value in request.headers.items()}
        sent = HttpRequest(request.method, request.url, headers, await _body(request))
        reply = self.services[request.url.split("/")[2]].handle(sent)
        return _Response(request, reply, stream=stream)


@dataclass
class Caller:
    """``since``: the last time at which it began to wait; ``at``: the first."""

    id: str
    at: float
    since: float = 0.0
    asked: float = 0.0
    turn: int = 0
    state: str = "waiting"
    excluded: list[str] = field(default_factory=list)
    served_at: float | None = None


class Hour:
    """``agents`` take calls of ``callers``, who come within ``minutes``, half of them within the first two."""

    def __init__(self, agents: int, callers: int, minutes: float, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311
        self.ids = [user(n) for n in range(agents)]
        times = [self.random.uniform(0, 120 if n % 2 else minutes * 60) for n in range(callers)]
        self.callers = {f"{n:03}": Caller(f"{n:03}", at) for n, at in enumerate(sorted(times))}
        for caller in self.callers.values():
            caller.since = caller.at
        self.free = dict.fromkeys(self.ids, 0.0)  # since when, by agent
        self.overtaken = 0
        self.idle: list[float] = []  # seconds for which an agent was free and the caller waited
        self._events: list[tuple[float, int, Callable[[], Awaitable[None]]]] = []
        self._number = itertools.count()

    async def run(self) -> None:
        tables = Tables(["agents"], lambda: self.centre.now)
        self.queues = Queues(["wakes"], lambda: self.centre.now)
        self.memory = Memory({"table": tables, "queue": self.queues})
        how: dict[str, Any] = {"transport": self.memory}
        encode: dict[str, Any] = {"message_encode_policy": TextBase64EncodePolicy()}
        async with (
            TableClient.from_connection_string(CONNECTION, "agents", **how) as table,
            QueueClient.from_connection_string(CONNECTION, "wakes", **encode, **how) as wakes,
        ):
            self.centre = Centre(table, wakes)
            await self.centre.staff(*self.ids, wrap_up=WRAP_UP)
            await self._renew()
            for caller in self.callers.values():
                self._later(caller.at, partial(self._ask, caller))
            await self._until_done()

    async def _until_done(self) -> None:
        while self._events:
            at, _, do = heapq.heappop(self._events)
            self.centre.now = max(self.centre.now, BEGIN + timedelta(seconds=at))
            await do()
            self._deliver()

    def _later(self, at: float, do: Callable[[], Awaitable[None]]) -> None:
        heapq.heappush(self._events, (at, next(self._number), do))

    @property
    def _now(self) -> float:
        return (self.centre.now - BEGIN).total_seconds()

    def _deliver(self) -> None:
        """Messages arrive a fifth of a second after they become visible."""
        for message in self.queues.messages["wakes"]:
            at = (message.visible - BEGIN).total_seconds() + 0.2
            caller = self.callers[message.body]
            self._later(max(at, self._now), partial(self._ask, caller))
        self.queues.messages["wakes"].clear()

    async def _renew(self) -> None:
        """All agents are available for the hours that follow; one who has not answered is so a minute later."""
        for id in self.ids:
            await self._available(id)

    async def _available(self, id: str) -> None:
        until = self.centre.now + timedelta(hours=5)
        await self.centre.store.change_agent(
            self.centre.tenant, id, lambda each: each and available(each, until, self.centre.now)
        )
        self.free[id] = self._now
        await self.centre.one.serve_waiting(self.centre.tenant)

    async def _ask(self, caller: Caller) -> None:
        if caller.state != "waiting" or (caller.turn and self._now <= caller.asked):
            return
        caller.asked, caller.turn = self._now, caller.turn + 1
        instance = self.random.choice((self.centre.one, self.centre.two))
        offer = self.centre.waits(caller.id, caller.at, turn=caller.turn, excluded=tuple(caller.excluded))
        targets = (await instance.offer(offer)).targets
        if targets:
            self._ring(caller, targets[0])
        elif caller.turn > 1 and self.random.random() < 0.003:
            caller.state = "gone"
            await instance.stop_waiting(self.centre.tenant, caller.id, BEGIN + timedelta(seconds=caller.at))
        else:
            self._later(self._now + AGAIN, partial(self._again, caller, caller.turn))

    async def _again(self, caller: Caller, turn: int) -> None:
        if caller.turn == turn:
            await self._ask(caller)

    def _ring(self, caller: Caller, id: str) -> None:
        self.idle.append(self._now - max(self.free.pop(id), caller.since))
        waiting = (each for each in self.callers.values() if each.turn and each.state == "waiting")
        older = [each for each in waiting if each.at < caller.at]
        self.overtaken += any(raw(id) not in each.excluded and not self._has_another(each) for each in older)
        caller.state = "ringing"
        caller.excluded.append(raw(id))
        answers: tuple[After, ...] = ("accepted", "declined", "noAnswer")
        after = self.random.choices(answers, (85, 10, 5))[0]
        seconds = 25 if after == "noAnswer" else self.random.uniform(2, 8)
        self._later(self._now + seconds, partial(self._answer, caller, id, after))

    def _has_another(self, caller: Caller) -> bool:
        """Whether another agent is free whom the caller is about to get."""
        return any(since <= self._now and raw(id) not in caller.excluded for id, since in self.free.items())

    async def _answer(self, caller: Caller, id: str, after: After) -> None:
        if after == "accepted":
            caller.state, caller.served_at = "talking", self._now
            await self.centre.two.engage(self.centre.tenant, id, caller.id)
            await self.centre.two.stop_waiting(self.centre.tenant, caller.id, BEGIN + timedelta(seconds=caller.at))
            self._later(self._now + self.random.uniform(120, 480), partial(self._end, caller, id))
            return
        caller.state, caller.since = "waiting", self._now
        await self.centre.one.release(self.centre.tenant, id, caller.id, after)
        if after == "noAnswer":
            self._later(self._now + 60, partial(self._available, id))
        else:
            self.free[id] = self._now
        await self._ask(caller)

    async def _end(self, caller: Caller, id: str) -> None:
        caller.state = "served"
        await self.centre.one.release(self.centre.tenant, id, caller.id, "accepted")
        self.free[id] = self._now + WRAP_UP


async def test_callers_are_served_in_the_order_in_which_they_came_and_soon() -> None:
    hour = Hour(agents=3, callers=20, minutes=25, seed=1)
    await hour.run()
    states = Counter(each.state for each in hour.callers.values())
    assert states.keys() <= {"served", "gone"}
    assert states["served"] >= 15
    assert hour.overtaken == 0
    assert max(hour.idle) < AGAIN / 2, "woken, not found by asking again"
    assert sum(hour.idle) / len(hour.idle) < 2
