"""Helpers of the tests: servers, an issuer of tokens, calls and effects."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self

import aiohttp
import jwt
from aiohttp import web
from azure.functions import CloudEvent
from azure.functions.eventgrid import EventGridEventInConverter
from azure.functions.meta import Datum
from azure.storage.blob.aio import ContainerClient
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

from emulator.server import Emulator
from local.stack import SAMPLE
from shared.acs.executor import EffectExecutor
from shared.calls.actions import AnyAction, ArchiveChunk
from shared.calls.capabilities import Call
from shared.calls.capabilities.recording import Chunk, Recording, Recordings
from shared.calls.effect import Effect, effect_id
from shared.calls.state import CallState
from tests.golden import START

CALL_ID = "20261121-0123456789abcdef0123456789abcdef"
RECORDING_ID = "eyJSZWNvcmRpbmciOiIxIn0"
ARCHIVE_PATH = f"2026/11/21/0900Z-{CALL_ID}/01234567-0"  # of a recording's file, without its extension
HOST = "https://emulator.asm.skype.com"  # a host of recordings, whose files are fetched from the test's server
AUDIENCE = "ac5e0000-0000-4000-8000-000000000001"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def settings_for(emulator: str, storage: str) -> dict[str, str]:
    """``local.settings.sample.json``, moved to this emulator and this storage account."""
    moved = {name: value.replace("http://127.0.0.1:7080", emulator) for name, value in SAMPLE.items()}
    return moved | {"AzureWebJobsStorage": storage, "CALL_STORAGE": storage}


def closed_port() -> str:
    """The URL of a closed port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


class Servers:
    """Small web servers, each with one response to all requests."""

    def __init__(self) -> None:
        self._runners: list[web.AppRunner] = []
        self.requests: list[web.Request] = []

    async def start(self, answer: Handler | int) -> str:
        """The URL of a new server; ``answer`` is its handler, or the status that it answers with."""

        async def handle(request: web.Request) -> web.StreamResponse:
            self.requests.append(request)
            if isinstance(answer, int):
                await request.read()
                return web.Response(status=answer)
            return await answer(request)

        application = web.Application(client_max_size=8 * 1024 * 1024)
        application.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(application, shutdown_timeout=0.01)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for runner in self._runners:
            await runner.cleanup()


async def hang(_: web.Request) -> web.StreamResponse:
    """A response that never begins."""
    await asyncio.sleep(3600)
    return web.Response()


async def drip(request: web.Request) -> web.StreamResponse:
    """A response that never ends: a byte from time to time."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.5)


def responding(status: int, body: Any = None) -> Handler:
    """A response with a status, and a body as JSON if there is one."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body, status=status) if body is not None else web.Response(status=status)

    return answer


# Bodies of accepted requests that the SDK cannot read, and their content types.
UNREADABLE_BODIES = [(b"", "application/json"), (b"null", "application/json"), (b"<html>", "text/html")]


def unreadable(body: bytes, kind: str, status: int = 200) -> Handler:
    """A response with a body of any content type."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, status=status, content_type=kind)

    return answer


class Files:
    """Recording files by their paths: bytes, or a handler."""

    def __init__(self) -> None:
        self.url = ""
        self.served: dict[str, bytes | Handler] = {"/v1/1": b"RIFF" * 100, "/v1/1/meta": b'{"chunk": 1}'}
        self.seen: list[str] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(f"{request.method} {request.path}")
        found = self.served.get(request.path)
        if found is None:
            return web.Response(status=404)
        if request.method == "DELETE":
            del self.served[request.path]
            return web.Response()
        return web.Response(body=found) if isinstance(found, bytes) else await found(request)


def truncated(announced: int, sent: int) -> Handler:
    """A download that is cut off."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(announced)})
        await response.prepare(request)
        await response.write(b"x" * sent)
        assert request.transport is not None
        await asyncio.sleep(0.01)
        request.transport.close()
        return response

    return answer


def generated(length: int, block: int = 1024 * 1024) -> Handler:
    """A file that is not held in memory."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(length)})
        await response.prepare(request)
        zeros = bytes(block)
        for _ in range(length // block):
            await response.write(zeros)
        return response

    return answer


class Issuer:
    """Signs tokens and publishes its keys: as ACS does by default, or with ``answer``."""

    def __init__(self, private: dict[str, rsa.RSAPrivateKey] | None = None) -> None:
        self.private = private or {kid: new_key() for kid in ("one", "two", "never published")}
        self.published = ["one"]
        self.url = ""
        self.fetched = 0
        self.answer: Handler | None = None

    async def publish(self, request: web.Request) -> web.StreamResponse:
        self.fetched += 1
        if self.answer is not None:
            return await self.answer(request)
        return web.json_response({"keys": [self.jwk(kid) for kid in self.published]})

    def jwk(self, kid: str) -> dict[str, Any]:
        public = RSAAlgorithm.to_jwk(self.private[kid].public_key(), as_dict=True)
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": public["n"], "e": public["e"]}

    def claims(self, **changed: Any) -> dict[str, Any]:
        now = int(time.time())
        all_claims = {"iss": self.url, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 300} | changed
        return {name: value for name, value in all_claims.items() if value is not None}

    def token(self, key: str = "one", *, headers: dict[str, Any] | None = None, **changed: Any) -> str:
        """A token as a header's value. Claims that are None are left out."""
        return "Bearer " + jwt.encode(
            self.claims(**changed), self.private[key], algorithm="RS256", headers={"kid": key} | (headers or {})
        )

    def public_pem(self) -> bytes:
        return self.private["one"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


# -- Calls and effects ---------------------------------------------------------------------------------------


def a_call(call_connection_id: str = "connection", **known: Any) -> Call:
    return Call(id=CALL_ID, state=CallState.CONNECTED, call_connection_id=call_connection_id, **known)


def an_effect(action: AnyAction, tries: int = 1) -> Effect:
    return Effect(effect_id(CALL_ID, str(action)), action, START, "recording", tries=tries)


def a_chunk(content: str = f"{HOST}/v1/1", **known: Any) -> Chunk:
    return Chunk(content, f"{HOST}/v1/1/meta", delete=f"{HOST}/v1/1", **known)


def recorded(chunk: Chunk, **known: Any) -> Call:
    """A call with one recorded file."""
    recording = Recording(started_at=START, chunks={"0": chunk})
    return a_call(recording=Recordings(recordings={RECORDING_ID: recording}), **known)


def to_archive(chunk: Chunk, tries: int = 1, **known: Any) -> tuple[Call, Effect]:
    """A call with one recorded file, and the effect that asks to archive it."""
    return recorded(chunk, **known), an_effect(ArchiveChunk(RECORDING_ID, 0, ARCHIVE_PATH), tries)


async def perform(executor: EffectExecutor, call: Call, action: AnyAction, limit: float = 8) -> Any:
    """The data of the event with the action's outcome."""
    return (await executor.perform(call, an_effect(action), limit)).data


async def ring(emulator: Emulator) -> str:
    """A call arrives; its incoming-call context."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{emulator.url}/_emulator/calls", json={}) as answer,
    ):
        return str((await answer.json())["incomingCallContext"])


def asked(emulator: Emulator, operation: str) -> list[dict[str, Any]]:
    """The requests of an operation that the emulator has received."""
    return [e for e in emulator.journal.entries("acs.request") if e["operation"] == operation]


def size(value: Any) -> int:
    """The bytes of a property's value as Table storage counts them: a character of text takes two."""
    return len(value) if isinstance(value, bytes) else len(str(value).encode("utf-16-le"))


def entity_size(entity: Mapping[str, Any]) -> int:
    """The bytes of an entity, with the names of its properties and their types."""
    return sum(8 + size(name) + size(value) for name, value in entity.items())


async def names_in(container: ContainerClient) -> list[str]:
    return [name async for name in container.list_blob_names()]


async def content_of(container: ContainerClient, name: str) -> bytes:
    return await (await container.download_blob(name)).readall()


async def kept(container: ContainerClient) -> list[dict[str, Any]]:
    """The records in the quarantine."""
    return [json.loads(await content_of(container, name)) for name in await names_in(container)]


def decoded(event: dict[str, Any]) -> CloudEvent:
    """The event as the Functions worker passes it, made by azure-functions' own converter."""
    made = EventGridEventInConverter.decode(Datum(json.dumps(event), "json"), trigger_metadata=None)
    assert isinstance(made, CloudEvent)
    return made
