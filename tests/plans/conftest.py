"""Saved plans in Table storage, for a tenant of each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import msgspec
import pytest
from azure.data.tables.aio import TableClient

from shared.calls.plans.document import Plan
from shared.plans.store import PlanStore


def plan(name: str = "bye", **step: Any) -> Plan:
    """A plan of one step."""
    return msgspec.convert({"start": name, "steps": {name: step or {"type": "hangUp"}}}, Plan)


@pytest.fixture
def requests() -> list[str]:
    """The methods of the requests to the table."""
    return []


@pytest.fixture
async def table(storage: str, requests: list[str]) -> AsyncIterator[TableClient]:
    def note(response: Any) -> None:
        requests.append(response.http_request.method)

    async with TableClient.from_connection_string(storage, "plans", raw_response_hook=note) as client:
        yield client


@pytest.fixture
def store(table: TableClient, clock: Callable[[], datetime]) -> PlanStore:
    return PlanStore(table, clock)
