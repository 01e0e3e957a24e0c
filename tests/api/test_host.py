"""The API's two functions, as a Functions host calls them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
from yarl import URL

from emulator.host import Host, HostSettings
from emulator.host.functions import HTTP
from emulator.host.keys import Keys
from local.stack import ROOT
from shared.api.problems import MEDIA_TYPE
from tests.indexed import functions


@pytest.fixture(scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a host that requires keys, as Azure does."""
    served = [function for function in functions().values() if function.type == HTTP]
    address = ("127.0.0.1", 0)
    host = Host(served, settings=HostSettings(), environment={}, address=address, keys=Keys("the-key", enforced=True))
    await host.start()
    async with aiohttp.ClientSession(host.url) as session:
        yield session
    await host.close()


async def test_the_host_requires_a_key(http: aiohttp.ClientSession) -> None:
    asked = [("/api/v1/", {}, 200), ("/api/keyed/v1/", {}, 401), ("/api/keyed/v1/", {"x-functions-key": "wrong"}, 401)]
    asked += [("/api/keyed/v1/", {"x-functions-key": "the-key"}, 200), ("/api/keyed/v1/", {"code": "the-key"}, 400)]
    for root, key, status in asked:
        query = {"code": key["code"]} if "code" in key else {}
        async with http.get(f"{root}openapi.json", headers=key, params=query) as answer:
            assert answer.status == status, (root, key)


async def test_the_api_answers_every_method_and_path_below_the_version(http: aiohttp.ClientSession) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE"):
        async with http.request(method, "/api/v1/openapi.json") as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
            assert answer.content_type == MEDIA_TYPE
    async with http.options("/api/v1/openapi.json") as answer:
        assert (answer.status, answer.headers["Allow"], await answer.read()) == (204, "GET, HEAD, OPTIONS", b"")
    async with http.head("/api/v1/openapi.json") as answer:
        assert (answer.status, await answer.read(), answer.content_type) == (200, b"", "application/json")
    for path in ("", "/", "/users%2F", "/../health", "/users/%2e%2e/%2e%2e/health", f"/{'x' * 7000}"):
        url = f"{http._base_url}".rstrip("/") + f"/api/v1{path}"
        async with http.get(URL(url, encoded=True)) as answer:
            assert (answer.status, answer.content_type) == (404, MEDIA_TYPE), path


def test_a_cold_start_does_not_load_the_api() -> None:
    listed = "import sys, function_app; print([m for m in sys.modules if m.startswith('shared.')])"
    done = subprocess.run([sys.executable, "-c", listed], env={}, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    assert "'shared.service.container'" in done.stdout
    for wing in ("shared.api", "shared.directory", "shared.doctor"):
        assert f"'{wing}" not in done.stdout
