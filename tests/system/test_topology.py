"""The app in separate processes as on Flex Consumption: one for the HTTP functions, one for each other function."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from local.stack import Ports, Stack
from shared.calls.state import CallState
from tests.system.conftest import System, of

HTTP = {"api", "api_by_key", "callbacks", "health"}


@pytest.fixture(scope="module")
async def flex(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    async with Stack(ports=Ports.free(), logs=tmp_path_factory.mktemp("logs"), topology="flex") as stack:
        yield stack


@pytest.fixture
async def system(flex: Stack) -> AsyncIterator[System]:
    async with aiohttp.ClientSession() as http, of(flex, http) as system:
        yield system


async def test_a_call_goes_from_process_to_process_and_each_runs_its_own_functions(system: System) -> None:
    call = await system.over(await system.dial(hangs_up_after=2))
    assert call.state is CallState.ENDED
    assert len(await system.requests("AnswerCall")) == len(await system.requests("StartRecording")) == 1
    ran = {worker.name: executed(system.stack.logs / f"{worker.name}.log") for worker in system.stack.workers}
    assert ran.pop("host-http") <= HTTP
    assert all(functions <= {name.removeprefix("host-")} for name, functions in ran.items())
    busy = {function for functions in ran.values() for function in functions}
    assert {"incoming_call", "call_connected", "recording_state_changed", "recording_file_ready"} <= busy


async def test_health_is_answered_by_the_http_functions_process(system: System) -> None:
    async with system.http.get(f"{system.stack.host_url}/api/health") as response:
        assert (response.status, (await response.json())["status"]) == (200, "ok")


def executed(log: Path) -> set[str]:
    return set(re.findall(r"Executed 'Functions\.(\w+)'", log.read_text(errors="replace")))
