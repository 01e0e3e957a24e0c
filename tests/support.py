"""What the platform's tests hold in their hands: servers, an issuer of tokens, calls and effects."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable
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
from shared.calls.call import Call, Chunk, Recording, State
from shared.calls.effects import AnyAction, ArchiveChunk, Effect, effect_id
from tests.golden import START

CALL_ID = "20261121-0123456789abcdef0123456789abcdef"
RECORDING_ID = "eyJSZWNvcmRpbmciOiIxIn0"
HOST = "https://emulator.asm.skype.com"  # a host of recordings, whose files are fetched from the test's server
AUDIENCE = "ac5e0000-0000-4000-8000-000000000001"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def settings_for(emulator: str, storage: str) -> dict[str, str]:
    """``local.settings.sample.json``, moved to this emulator and this storage account."""
    moved = {name: value.replace("http://127.0.0.1:7080", emulator) for name, value in SAMPLE.items()}
    return moved | {"AzureWebJobsStorage": storage, "CALL_STORAGE": storage}


def closed_port() -> str:
    """The URL of a port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


class Servers:
    """Small web servers, each with one answer to everything."""

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
    """An answer that never comes."""
    await asyncio.sleep(3600)
    return web.Response()


async def drip(request: web.Request) -> web.StreamResponse:
    """An answer that never ends: a byte now and then."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.5)


class Files:
    """Recording files by their paths: bytes, or a handler where more than that is to be said."""

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
    """A download that breaks off."""

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
    """A file that stands nowhere."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(length)})
        await response.prepare(request)
        zeros = bytes(block)
        for _ in range(length // block):
            await response.write(zeros)
        return response

    return answer


class Issuer:
    """Signs tokens and publishes its keys: by default as ACS does, by ``answer`` as a test wants it."""

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


def a_call(call_connection_id: str = "connection", **facts: Any) -> Call:
    return Call(id=CALL_ID, state=State.CONNECTED, call_connection_id=call_connection_id, **facts)


def an_effect(action: AnyAction, tries: int = 1) -> Effect:
    return Effect(effect_id(CALL_ID, str(action)), action, START, tries=tries)


def a_chunk(content: str = f"{HOST}/v1/1", **facts: Any) -> Chunk:
    return Chunk(content, f"{HOST}/v1/1/meta", delete=f"{HOST}/v1/1", **facts)


def to_archive(chunk: Chunk, tries: int = 1) -> tuple[Call, Effect]:
    """A call with one recorded file, and the effect that asks for it."""
    call = a_call(recordings={RECORDING_ID: Recording(started_at=START, chunks={"0": chunk})})
    return call, an_effect(ArchiveChunk(RECORDING_ID, 0), tries)


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


async def names_in(container: ContainerClient) -> list[str]:
    return [name async for name in container.list_blob_names()]


async def content_of(container: ContainerClient, name: str) -> bytes:
    return await (await container.download_blob(name)).readall()


async def kept(container: ContainerClient) -> list[dict[str, Any]]:
    """What stands in the quarantine."""
    return [json.loads(await content_of(container, name)) for name in await names_in(container)]


def decoded(event: dict[str, Any]) -> CloudEvent:
    """As the Functions worker makes it, through azure-functions' own converter."""
    made = EventGridEventInConverter.decode(Datum(json.dumps(event), "json"), trigger_metadata=None)
    assert isinstance(made, CloudEvent)
    return made
