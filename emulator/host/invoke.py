"""Calls a function once, and logs the invocation."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import azure.functions as func
from azure.functions import meta

from emulator.host.functions import Function

log = logging.getLogger("emulator.host")


@dataclass
class Trigger:
    """The cause of an invocation: the data that the parameter is decoded from, and the reason for the log."""

    data: meta.Datum
    reason: str
    metadata: Mapping[str, meta.Datum] = field(default_factory=dict)


@dataclass
class Result:
    value: meta.Datum | None = None
    error: BaseException | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


class Context(func.Context):
    """The value of a function's ``context`` parameter."""

    def __init__(self, function: Function, invocation_id: str) -> None:
        self._function, self._invocation_id = function, invocation_id
        self._local = threading.local()

    @property
    def invocation_id(self) -> str:
        return self._invocation_id

    @property
    def function_name(self) -> str:
        return self._function.name

    @property
    def function_directory(self) -> str:
        return self._function.directory

    @property
    def thread_local_storage(self) -> Any:
        return self._local

    @property
    def trace_context(self) -> Any:
        return None  # distributed tracing is not emulated

    @property
    def retry_context(self) -> Any:
        return None  # nor are retry policies


class Invoker:
    """Runs functions: coroutines on the running loop, others on threads.

    ``timeout`` is host.json's functionTimeout in seconds; None is no limit.
    """

    def __init__(self, *, timeout: float | None = None, threads: int | None = None) -> None:
        self._timeout = timeout
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="function")
        self._running: set[asyncio.Task[Any]] = set()
        self._on_threads: set[Future[Any]] = set()

    @property
    def threads_busy(self) -> bool:
        """Whether a synchronous function still runs, even if its invocation has timed out."""
        return bool(self._on_threads)

    async def run(self, function: Function, trigger: Trigger) -> Result:
        """One invocation. An exception is in the result, and in the log with its traceback."""
        invocation_id, name = str(uuid.uuid4()), f"Functions.{function.name}"
        log.info("Executing '%s' (Reason='%s', Id=%s)", name, trigger.reason, invocation_id)
        begun = time.perf_counter()
        result = await self._tracked(function, trigger, invocation_id)
        took = (time.perf_counter() - begun) * 1000
        how = "Succeeded" if result.ok else "Failed"
        if result.error:
            log.error("Executed '%s' (%s, Id=%s, Duration=%.0fms)", name, how, invocation_id, took)
            log.error("%s failed", name, exc_info=result.error)
        else:
            log.info("Executed '%s' (%s, Id=%s, Duration=%.0fms)", name, how, invocation_id, took)
        return result

    async def close(self, grace: float) -> None:
        """Wait shortly for running invocations, then cancel them. Threads cannot be cancelled."""
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        for task in self._running:
            task.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _tracked(self, function: Function, trigger: Trigger, invocation_id: str) -> Result:
        task = asyncio.create_task(self._call(function, trigger, invocation_id))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await task
        except asyncio.CancelledError:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            raise

    async def _call(self, function: Function, trigger: Trigger, invocation_id: str) -> Result:
        try:
            arguments = self._arguments(function, trigger, invocation_id)
            async with asyncio.timeout(self._timeout) as limit:
                value = await self._value(function, arguments)
            return Result(function.encode(value))
        except Exception as error:  # noqa: BLE001 - any exception fails the invocation alone
            if isinstance(error, TimeoutError) and limit.expired():
                return Result(error=TimeoutError(f"the time-out of {self._timeout:g} s was exceeded"))
            return Result(error=error)

    async def _value(self, function: Function, arguments: dict[str, Any]) -> Any:
        if function.is_async:
            return await function.call(**arguments)
        work = self._threads.submit(lambda: function.call(**arguments))
        self._on_threads.add(work)
        work.add_done_callback(self._on_threads.discard)
        return await asyncio.wrap_future(work)

    def _arguments(self, function: Function, trigger: Trigger, invocation_id: str) -> dict[str, Any]:
        arguments = {function.trigger["name"]: function.decode(trigger.data, trigger.metadata)}
        if function.wants_context:
            context = Context(function, invocation_id)
            context.thread_local_storage.invocation_id = invocation_id
            arguments["context"] = context
        return arguments
