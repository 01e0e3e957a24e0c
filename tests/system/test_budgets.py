"""Budgets of counts, which do not depend on the machine. ``make bench`` measures those of time."""

from __future__ import annotations

import pytest

from local.bench import BUDGETS, storage_per_call
from local.storage_log import Cost, StorageRequest


@pytest.mark.parametrize("what", BUDGETS)
async def test_a_call_costs_no_more_storage_requests_than_its_budget(what: str) -> None:
    measured = await storage_per_call(what, calls=3)  # the median: how many writes meet depends on the moment
    assert 10 < measured.value <= measured.budget, measured.detail


def test_conflicts_and_requests_of_no_call_are_not_counted() -> None:
    requests = [
        StorageRequest("GET", "calls(PartitionKey='a',RowKey='b')", 200),
        StorageRequest("PUT", "calls(PartitionKey='a',RowKey='b')", 412),
        StorageRequest("PUT", "calls(PartitionKey='a',RowKey='b')", 204),
        StorageRequest("GET", "calls()?$filter=x", 200),
    ]
    cost = Cost.of(requests)
    assert (cost.count, cost.conflicts) == (2, 1)
    assert str(cost) == "1 row read, 1 row write, 1 conflicts"
