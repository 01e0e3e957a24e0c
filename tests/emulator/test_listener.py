"""One port takes HTTP and TLS, so that an endpoint and a connection string both work."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from azure.communication.callautomation.aio import CallAutomationClient
from azure.core.exceptions import ResourceNotFoundError
from cryptography import x509

from emulator import tls
from emulator.config import Config
from emulator.server import Emulator


async def test_a_connection_string_works(emulator: Emulator, config: Config) -> None:
    text = f"endpoint={emulator.url}/;accesskey={config.access_key}"  # becomes https, whatever it says
    async with CallAutomationClient.from_connection_string(text, retry_total=0) as client:
        with pytest.raises(ResourceNotFoundError):
            await client.get_call_connection("none").get_call_properties()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_port_takes_both(emulator: Emulator, session: aiohttp.ClientSession, scheme: str) -> None:
    url = emulator.url.replace("http:", f"{scheme}:")
    async with session.get(f"{url}/_emulator/health") as answer:
        assert await answer.json() == {"status": "ok"}


async def test_clients_that_say_nothing_or_nonsense_hold_up_nobody(
    emulator: Emulator, session: aiohttp.ClientSession
) -> None:
    port = urlsplit(emulator.url).port or 0
    silent = socket.create_connection(("127.0.0.1", port))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"\x16 this is no handshake")
    with silent:
        await reader.read()  # refused
        async with session.get(f"{emulator.url}/_emulator/health") as answer:
            assert answer.status == 200
    writer.close()


async def test_the_certificate_names_the_host_of_recordings(emulator: Emulator, config: Config) -> None:
    context = ssl.create_default_context(cafile=str(config.tls_certificate))
    port = urlsplit(emulator.url).port
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname="emulator.asm.skype.com")
    writer.close()


def test_a_certificate_without_its_names_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "certificate.pem"
    with monkeypatch.context() as before:
        before.setattr(tls, "DNS_NAMES", ("localhost",))
        tls.ensure(path)
    first = x509.load_pem_x509_certificate(path.read_bytes())
    for _ in range(2):
        tls.ensure(path)
        second = x509.load_pem_x509_certificate(path.read_bytes())
        assert second.serial_number != first.serial_number
        names = second.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == list(tls.DNS_NAMES)
