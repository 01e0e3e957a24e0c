"""HTTP within the process: the SDKs' requests go straight to the emulated services, subject to network faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, Self

from azure.core.exceptions import (
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest._http_response_impl_async import AsyncHttpResponseImpl
from azure.core.utils import case_insensitive_dict

from shared.platform.clients import HTTP_OPTIONS, STORAGE_HTTP_OPTIONS
from tests.simulation.loop import pause
from tests.simulation.process import here
from tests.simulation.storage import HttpRequest, Reply

BLOCK = 64 * 1024  # bytes of an answer that are read at a time


@dataclass
class Sent:
    """A request of the app, as sent. ``status`` is 0 as long as there is no answer."""

    number: int
    at: float
    instance: int
    service: str
    operation: str
    request: HttpRequest
    arrived: bool = False
    status: int = 0
    fault: str = ""


@dataclass
class NetworkFault:
    """A fault of requests: the ``nth`` of their kind, counted from now, and ``times`` in all.

    ``do``: ``status`` (nothing is done), ``reset`` (it never arrives), ``unanswered`` (it never arrives, and
    there is no answer), ``answer lost`` (done, the connection breaks), ``committed`` (done, but the answer does not
    come in time), ``slow`` (the answer comes ``seconds`` late).
    """

    service: str
    operation: str
    do: str
    nth: int = 1
    times: int = 1
    reply: Reply | None = None
    seconds: float = 0.0
    since: float = 0.0
    until: float = float("inf")
    kind: str = ""
    struck: int = 0
    seen: int = 0

    def takes(self, service: str, operation: str, now: float) -> bool:
        if self.service != service or self.operation not in ("*", operation) or not self.since <= now <= self.until:
            return False
        self.seen += 1
        if self.seen < self.nth or self.struck >= self.times:
            return False
        self.struck += 1
        return True


@dataclass
class Route:
    """A service behind a host: its name, what an operation of it is called, and what answers."""

    service: str
    operation: Callable[[HttpRequest], str]
    handle: Callable[[HttpRequest], Reply | Awaitable[Reply | None]]


@dataclass
class Network:
    routes: dict[str, Route]
    latency: Callable[[], float]
    network_faults: list[NetworkFault] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    observers: list[Callable[[Sent], None]] = field(default_factory=list)

    def route(self, url: str) -> Route:
        netloc = url.split("/", 3)[2]
        return self.routes[netloc] if netloc in self.routes else self.routes[netloc.partition(":")[0]]

    async def carry(self, request: HttpRequest, patience: float | None = None) -> Reply:
        """Bring a request to its service and the answer back. Raises azure-core's errors of a bad network.

        ``patience`` is how long an answer is waited for, where the request says so itself; where it does not, the
        client's settings count, which a transport that is given to it must know by itself.
        """
        route, loop = self.route(request.url), asyncio.get_running_loop()
        how = STORAGE_HTTP_OPTIONS if route.service in {"blob", "queue"} else HTTP_OPTIONS
        read_timeout = float(how["read_timeout"] if patience is None else patience)
        operation = route.operation(request)
        sent = Sent(len(self.sent), loop.time(), here().number, route.service, operation, request)
        self.sent.append(sent)
        network_fault = next((m for m in self.network_faults if m.takes(route.service, operation, loop.time())), None)
        await pause(self.latency())
        if network_fault is not None:
            sent.fault = network_fault.do
            await self._before(network_fault, read_timeout)
        if network_fault is not None and network_fault.do == "status":
            reply = network_fault.reply or Reply(503)
        else:
            reply = await self._arrive(route, sent, read_timeout)
        await pause(self.latency())
        if network_fault is not None:
            await self._after(network_fault, read_timeout)
        sent.status = reply.status
        return reply

    async def _before(self, network_fault: NetworkFault, read_timeout: float) -> None:
        if network_fault.do == "reset":
            raise ServiceRequestError("the connection was refused")
        if network_fault.do == "unanswered":
            await asyncio.sleep(read_timeout)
            raise ServiceRequestTimeoutError("no answer came")

    async def _after(self, network_fault: NetworkFault, read_timeout: float) -> None:
        if network_fault.do == "answer lost":
            raise ServiceResponseError("the connection was reset")
        if network_fault.do == "committed":
            await asyncio.sleep(read_timeout)
            raise ServiceResponseTimeoutError("no answer came")
        if network_fault.do == "slow":
            await asyncio.sleep(min(network_fault.seconds, read_timeout))
            if network_fault.seconds >= read_timeout:
                raise ServiceResponseTimeoutError("no answer came")

    async def _arrive(self, route: Route, sent: Sent, read_timeout: float) -> Reply:
        """The service handles the request, whether or not the client still waits."""
        sent.arrived = True
        for observe in self.observers:
            observe(sent)
        answer = route.handle(sent.request)
        if isinstance(answer, Reply):
            return answer
        task = asyncio.get_running_loop().create_task(_awaited(answer), context=Context())
        done, _ = await asyncio.wait([task], timeout=read_timeout)
        if not done:
            raise ServiceResponseTimeoutError("no answer came")
        reply = task.result()
        if reply is None:
            raise ServiceResponseError("the connection was reset")
        return reply


async def _awaited(answer: Awaitable[Reply | None]) -> Reply | None:
    return await answer


class _Closed:
    async def close(self) -> None:
        """There is no connection to close."""


class _Response(AsyncHttpResponseImpl):
    """``AsyncHttpResponseImpl`` without its search for attributes by their old names, which is slow."""

    def __init__(self, request: Any, reply: Reply, *, stream: bool) -> None:
        headers = case_insensitive_dict({"Content-Length": str(len(reply.body)), **reply.headers})

        async def blocks(**_: Any) -> AsyncIterator[bytes]:
            for start in range(0, len(reply.body), BLOCK):
                await asyncio.sleep(0)
                yield reply.body[start : start + BLOCK]

        self.__dict__.update(
            _request=request,
            _internal_response=_Closed(),
            _block_size=BLOCK,
            _status_code=reply.status,
            _reason="",
            _content_type=headers.get("Content-Type"),
            _headers=headers,
            _stream_download_generator=blocks,
            _is_closed=False,
            _is_stream_consumed=False,
            _json=None,
            _content=None if stream else reply.body,
            _text=None,
        )

    __setattr__ = object.__setattr__

    def _body(self) -> bytes | None:
        """For the parts of a transaction's response: azure-core reads it again, without awaiting that."""
        return self._content


class Transport(AsyncHttpTransport):  # type: ignore[type-arg]
    """Replaces every client's transport. Requests go over the network of the instance that sends them."""

    async def open(self) -> None:
        """There is nothing to open."""

    async def close(self) -> None:
        await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def sleep(self, duration: float) -> None:
        await asyncio.sleep(duration)

    async def send(self, request: Any, *, stream: bool = False, **config: Any) -> Any:
        headers = {name.lower(): value for name, value in request.headers.items()}
        sent = HttpRequest(request.method, request.url, headers, await _body(request))
        reply = await here().network.carry(sent, config.get("read_timeout"))
        response = _Response(request, reply, stream=stream)
        if not stream:
            await response.read()
        return response


async def _body(request: Any) -> bytes:
    content = getattr(request, "content", None)
    if content is None:
        content = request.data
    if content is None:
        return b""
    if isinstance(content, str):
        return content.encode()
    if isinstance(content, bytes | bytearray):
        return bytes(content)
    if hasattr(content, "__aiter__"):
        return b"".join([part async for part in content])
    return bytes(content.read())
