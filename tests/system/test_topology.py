"""The app in separate processes as on Flex Consumption: one for the HTTP functions, one for each other function.

The budgets of counts are measured here, since they do not depend on the machine; ``make bench`` measures those of time.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from local.bench.storage import BUDGETS, costs_of_calls
from local.stack import Ports, Stack
from local.storage_log import Cost, StorageRequest
from shared.calls.state import CallState
from tests.system.conftest import System, of

HTTP = {"api", "api_by_key", "callbacks", "health"}


@pytest.fixture(scope="module", params=BUDGETS)
def what(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
async def flex(what: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    settings, logs = BUDGETS[what].settings, tmp_path_factory.mktemp("logs")
    async with Stack(ports=Ports.free(), logs=logs, settings=settings, topology="flex") as stack:
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


async def test_a_call_costs_no_more_storage_requests_than_its_budget(what: str, flex: Stack) -> None:
    """The cheapest of three: how many writes meet depends on the machine's load. ``make bench`` holds the median of
    five to the same budget.
    """
    costs = await costs_of_calls(flex, BUDGETS[what], 3)
    assert 10 < min(cost.count for cost in costs) <= BUDGETS[what].requests, [str(cost) for cost in costs]


def test_conflicts_and_requests_of_no_call_are_not_counted() -> None:
    requests = [
        StorageRequest("GET", "calls(PartitionKey='a',RowKey='b')", 200),
        StorageRequest("PUT", "calls(PartitionKey='a',RowKey='b')", 412),
        StorageRequest("GET", "calls(PartitionKey='a',RowKey='b')", 200),
        StorageRequest("PUT", "calls(PartitionKey='a',RowKey='b')", 204),
        StorageRequest("GET", "calls()?$filter=x", 200),
    ]
    cost = Cost.of(requests, 1)
    assert (cost.count, cost.conflicts) == (2, 1)
    assert str(cost) == "1 row read, 1 row write, 1 conflicts"


def executed(log: Path) -> set[str]:
    return set(re.findall(r"Executed 'Functions\.(\w+)'", log.read_text(errors="replace")))
