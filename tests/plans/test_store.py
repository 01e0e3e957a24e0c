"""Plans in Table storage: each change is a version, whatever two writers do."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from azure.data.tables.aio import TableClient

from shared.plans import rows
from shared.plans.rows import UnreadablePlan
from shared.plans.store import PlanStore
from tests.plans.conftest import plan

ACCOUNT = "11111111-1111-4111-8111-111111111111"


async def test_a_saved_plan_is_read_as_it_was_returned(store: PlanStore, tenant: str) -> None:
    saved, created = await store.put(tenant, ACCOUNT, plan(), "user ada")
    assert created
    assert await store.get(tenant, ACCOUNT) == saved
    assert (saved.version, saved.changed_by, saved.plan) == (1, "user ada", plan())
    again, created = await store.put(tenant, ACCOUNT, plan(), "user grace")
    assert (again, created) == (saved, False)
    assert await store.get(tenant, "default") is None


async def test_the_newest_twenty_versions_are_kept(store: PlanStore, tenant: str) -> None:
    for n in range(1, 24):
        await store.put(tenant, "default", plan(f"step{n}"), "user ada")
    assert [each.version for each in await store.versions(tenant, "default")] == list(range(23, 3, -1))
    for version, start in ((3, None), (4, "step4"), (23, "step23"), (24, None)):
        found = await store.version(tenant, "default", version)
        assert (found.plan.start if found else None) == start


async def test_versions_go_on_after_a_deletion(store: PlanStore, tenant: str) -> None:
    await store.put(tenant, ACCOUNT, plan("one"), "user ada")
    await store.delete(tenant, ACCOUNT, "user ada")
    assert await store.get(tenant, ACCOUNT) is None
    assert await store.page(tenant, 10) == []
    assert [each.version for each in await store.versions(tenant, ACCOUNT)] == [1]
    saved, created = await store.put(tenant, ACCOUNT, plan("one"), "user ada")
    assert (saved.version, created) == (2, True)


async def test_of_writers_at_once_each_gets_a_version_of_its_own(store: PlanStore, tenant: str) -> None:
    saved = await asyncio.gather(*(store.put(tenant, ACCOUNT, plan(f"step{n}"), "user ada") for n in range(4)))
    assert sorted(each.version for each, _ in saved) == [1, 2, 3, 4]
    present = await store.get(tenant, ACCOUNT)
    assert present == max((each for each, _ in saved), key=lambda each: each.version)


async def test_a_plan_that_is_replaced_while_it_is_deleted_is_checked_again(store: PlanStore, tenant: str) -> None:
    await store.put(tenant, ACCOUNT, plan("one"), "user ada")
    seen: list[Any] = []
    await asyncio.gather(
        store.delete(tenant, ACCOUNT, "user ada", seen.append),
        store.put(tenant, ACCOUNT, plan("two"), "user grace", seen.append),
    )
    versions = await store.versions(tenant, ACCOUNT)
    assert [each.version for each in versions] == [2, 1]
    assert len(seen) >= 2


async def test_pages_are_in_the_order_of_the_ids(store: PlanStore, tenant: str) -> None:
    ids = sorted(["default", ACCOUNT, f"{ACCOUNT[:-1]}2"])
    for id in ids:
        await store.put(tenant, id, plan(), "user ada")
    first = await store.page(tenant, 2)
    assert [each.id for each in first] == ids[:2]
    assert [each.id for each in await store.page(tenant, 2, first[-1].id)] == ids[2:]


async def test_a_plan_of_a_newer_version_of_the_app_is_unreadable_and_can_be_listed(
    store: PlanStore, table: TableClient, tenant: str
) -> None:
    saved, _ = await store.put(tenant, ACCOUNT, plan(), "user ada")
    newer = '{"start": "a", "steps": {"a": {"type": "teleport"}}}'
    await table.upsert_entity(rows.entity(tenant, rows.plan_key(ACCOUNT), saved) | {"plan": newer})
    with pytest.raises(UnreadablePlan, match=f"version 1 of the plan {ACCOUNT}"):
        await store.get(tenant, ACCOUNT)
    assert [each.id for each in await store.page(tenant, 10)] == [ACCOUNT]


async def test_the_present_plan_costs_one_request_and_a_change_two(
    store: PlanStore, tenant: str, requests: list[str]
) -> None:
    await store.put(tenant, ACCOUNT, plan(), "user ada")
    assert requests == ["GET", "POST"]
    requests.clear()
    await store.get(tenant, ACCOUNT)
    assert requests == ["GET"]
