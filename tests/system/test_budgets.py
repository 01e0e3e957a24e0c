"""Budgets of counts, which do not depend on the machine. ``make bench`` measures those of time."""

from __future__ import annotations

import pytest

from local.bench import BUDGETS, cost_of_a_call
from local.storage_log import Cost, StorageRequest


@pytest.mark.parametrize("what", BUDGETS)
async def test_a_call_costs_no_more_storage_requests_than_its_budget(what: str) -> None:
    """The cheapest of three: each conflict costs one more read, and how many writes meet depends on the machine's load.
    ``make bench`` holds the median of five to the same budget.
    """
    budget, settings = BUDGETS[what]
    costs = [await cost_of_a_call(settings) for _ in range(3)]
    assert 10 < min(cost.count for cost in costs) <= budget, [str(cost) for cost in costs]


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
