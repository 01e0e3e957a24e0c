"""Budgets that are counts, and so do not depend on the machine. ``make bench`` measures the others."""

from __future__ import annotations

import pytest

from local.bench import storage_per_call
from local.stack import Ports, Stack


async def test_a_calls_whole_life_costs_at_most_22_storage_requests(tmp_path_factory: pytest.TempPathFactory) -> None:
    logs = tmp_path_factory.mktemp("logs")
    async with Stack(ports=Ports.free(), logs=logs, settings={"RECORDING_ANNOUNCEMENT": ""}) as stack:
        measured = await storage_per_call(stack)
    assert 10 < measured.value <= 22, measured.detail
