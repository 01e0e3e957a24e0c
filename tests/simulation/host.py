"""The Functions host: function_app.py's own functions, called by their triggers in one of several instances."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec
from azure.functions.meta import Datum

from emulator.host.functions import EVENT_GRID, HTTP, QUEUE, TIMER, Function, scaling_group
from emulator.host.routes import compile_route
from emulator.host.settings import HostSettings, read_host_json
from tests.indexed import functions
from tests.simulation.process import Crashed, Process, here
from tests.simulation.storage import Message, Queues

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
LEASE = timedelta(minutes=10)  # how long a message stays hidden when the instance that took it dies
EVERY_MINUTE = "0 * * * * *"
RESTART = 1.0  # seconds until a dead instance is replaced


class _ContainerOfThisInstance:
    """Replaces ``function_app.container`` by the container of the current instance."""

    def __getattr__(self, name: str) -> Any:
        return getattr(here().container, name)


@cache
def settings() -> HostSettings:
    return read_host_json(ROOT / "host.json")


@dataclass
class Invocation:
    function: str
    instance: int
    begun: float
    ended: float | None = None
    error: BaseException | None = None
    crashed: bool = False
    frozen: bool = False

    @property
    def seconds(self) -> float:
        return (self.ended if self.ended is not None else self.begun) - self.begun


class Host:
    """Instances of the app, as Flex Consumption scales it: ``count`` for HTTP functions, and for every other function.

    ``make`` builds an instance, given its place among those of its group. A group's instances start with the first
    invocation of one of its functions.
    """

    def __init__(
        self,
        count: int,
        make: Callable[[int], Process],
        rng: random.Random,
        queues: Queues,
        now: Callable[[], datetime],
    ) -> None:
        self._count, self._make, self._rng, self._queues, self._now = count, make, rng, queues, now
        self._groups: dict[str, list[Process]] = {}
        self.retired: list[Process] = []
        self.invocations: list[Invocation] = []
        self.poisoned: list[str] = []
        self.running = 0
        self._changed = asyncio.Event()
        self._working: set[asyncio.Task[None]] = set()
        self._routes = [compile_route(f, settings().route_prefix) for f in functions().values() if f.type == HTTP]
        queues.changed = self._changed.set

    # -- Instances --

    @property
    def processes(self) -> list[Process]:
        """All instances that run now, of all groups."""
        return [process for group in self._groups.values() for process in group]

    def restart(self, process: Process) -> None:
        """Put a new instance in the place of one."""
        group = next((group for group in self._groups.values() if process in group), None)
        if group is None:
            return
        process.kill()
        self.retired.append(process)
        place = group.index(process)
        group[place] = self._make(place)

    def deploy(self) -> None:
        """Replace all of them at once, whatever they are doing."""
        for process in self.processes:
            if not process.dead:
                self.restart(process)

    async def stop(self) -> None:
        """Shut all of them down in order and replace them."""
        for process in self.processes:
            closing = process.start(process.container.close())
            await asyncio.wait([closing, process.death], return_when=asyncio.FIRST_COMPLETED)
            self.restart(process)

    def _alive(self, group: str) -> list[Process]:
        if group not in self._groups:
            self._groups[group] = [self._make(place) for place in range(self._count)]
        return [process for process in self._groups[group] if not process.dead]

    async def call(self, function: Function, argument: Any) -> Any:
        """Call a function in some instance of its group. Raises the function's exception, or Crashed."""
        return await self.run(function.name, lambda: _call(function, argument))

    async def run(self, name: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine in some instance of a function's group, in place of the function. Raises the same."""
        group = scaling_group(functions()[name])
        alive = self._alive(group)
        if not alive:
            await asyncio.sleep(RESTART)
            alive = self._alive(group)
        if not alive:
            raise Crashed
        process = self._rng.choice(alive)
        loop = asyncio.get_running_loop()
        record = Invocation(name, process.number, loop.time())
        self.invocations.append(record)
        self.running += 1
        task = process.start(work())
        waited: list[asyncio.Future[Any]] = [task, process.death]
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.running -= 1
            record.ended = loop.time()
            record.frozen = process.was_frozen
        if not task.done():
            record.crashed = True
            loop.call_later(RESTART, self.restart, process)
            raise Crashed
        record.error = task.exception()
        return task.result()

    # -- Event Grid and HTTP --

    async def post(self, method: str, url: str, headers: dict[str, str], body: bytes) -> int | None:
        """A request from outside; the status, or None if the instance died over it."""
        parts = urlsplit(url)
        if parts.path != "/runtime/webhooks/EventGrid":
            return await self._http(method, parts.path.lstrip("/"), headers, body)
        function = functions().get(parse_qs(parts.query).get("functionName", [""])[0])
        if function is None or function.type != EVENT_GRID:
            return 404
        if method == "OPTIONS":
            return 200
        payload = msgspec.json.decode(body)
        events = payload if isinstance(payload, list) else [payload]
        results = await asyncio.gather(*(self._event(function, event) for event in events))
        return None if None in results else max(status for status in results if status is not None)

    async def _event(self, function: Function, event: Any) -> int | None:
        data = Datum(msgspec.json.encode(event).decode(), "json")
        try:
            await asyncio.shield(self._detached(self.call(function, function.decode(data, {"data": data}))))
        except Crashed:
            return None
        except Exception:  # noqa: BLE001  # whatever a function raises fails its invocation, no more
            return 500
        return 202

    def _detached(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """An invocation continues when the sender of the event no longer waits."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda t: t.cancelled() or t.exception())
        return task

    async def _http(self, method: str, path: str, headers: dict[str, str], body: bytes) -> int | None:
        for route in self._routes:
            parameters = route.match(method, path)
            if parameters is None:
                continue
            request = Datum(
                {
                    "method": Datum(method, "string"),
                    "url": Datum(f"http://127.0.0.1:7071/{path}", "string"),
                    "headers": {name: Datum(value, "string") for name, value in headers.items()},
                    "query": {},
                    "params": {name: Datum(value, "string") for name, value in parameters.items()},
                    "body": Datum(body, "bytes"),
                },
                "http",
            )
            return await self._respond(route.function, request)
        return 404

    async def _respond(self, function: Function, request: Datum) -> int | None:
        try:
            value = await asyncio.shield(self._detached(self.call(function, function.decode(request, {}))))
        except Crashed:
            return None
        except Exception:  # noqa: BLE001
            return 500
        answer = function.encode(value)
        return int(answer.value["status_code"].value) if answer is not None else 204

    # -- The queue --

    async def watch_queues(self) -> None:
        """Take messages as they become visible, for ever."""
        triggers = [f for f in functions().values() if f.type == QUEUE]
        while True:
            self._changed.clear()
            next_at: datetime | None = None
            for function in triggers:
                for message in list(self._queues.messages[str(function.trigger["queueName"])]):
                    if message.visible <= self._now():
                        self._take(function, message)
                    next_at = min(next_at or message.visible, message.visible)
            wait = None if next_at is None else max(0.0, (next_at - self._now()).total_seconds())
            if wait is not None:
                wait += self._rng.uniform(0, settings().max_polling_interval)
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(self._rng.uniform(0, settings().max_polling_interval))

    def _take(self, function: Function, message: Message) -> None:
        message.visible = self._now() + timedelta(days=7)  # its lease is renewed as long as the instance lives
        message.dequeued += 1
        task = asyncio.get_running_loop().create_task(self._process(function, message))
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _process(self, function: Function, message: Message) -> None:
        messages = self._queues.messages[str(function.trigger["queueName"])]
        data = Datum(message.body, "string")
        metadata = {"DequeueCount": Datum(message.dequeued, "int"), "Id": Datum(str(message.id), "string")}
        begun = self._now()
        try:
            await self.call(function, function.decode(data, metadata))
        except Crashed:
            message.visible = max(begun + LEASE, self._now())
        except Exception:  # noqa: BLE001
            if message.dequeued >= settings().max_dequeue_count:
                self.poisoned.append(message.body)
                messages.remove(message)
            else:
                message.visible = self._now() + timedelta(seconds=settings().visibility_timeout)
        else:
            messages.remove(message)
        self._changed.set()

    # -- The timer --

    async def sweep(self) -> None:
        """Run the timer-triggered functions once that run every minute. What runs more rarely has no part in calls."""
        for function in functions().values():
            if function.type == TIMER and function.trigger["schedule"] == EVERY_MINUTE:
                info = Datum(json.dumps({"Schedule": {}, "ScheduleStatus": {}, "IsPastDue": False}), "json")
                try:
                    await self.call(function, function.decode(info, {}))
                except Crashed:
                    return
                except Exception:  # noqa: BLE001, S112  # it runs again in a minute
                    continue

    @property
    def waiting(self) -> bool:
        """Whether messages are left in the queues, or invocations are under way."""
        return self.running > 0 or any(self._queues.messages.values())


async def _call(function: Function, argument: Any) -> Any:
    return await function.call(**{str(function.trigger["name"]): argument})
