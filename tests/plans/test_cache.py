"""Plans in memory: read once for all calls of some seconds."""

from __future__ import annotations

import asyncio

import pytest
from azure.data.tables.aio import TableClient

from shared.plans import cache as module
from shared.plans import rows
from shared.plans.cache import PlanCache, PlansUnavailable
from shared.plans.store import PlanStore
from tests.plans.conftest import plan
from tests.support import closed_port

ACCOUNT, OTHER = (f"11111111-1111-4111-8111-11111111111{n}" for n in (1, 2))
CONNECTION = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint={url}/a;"


@pytest.fixture
def cache(table: TableClient) -> PlanCache:
    return PlanCache(lambda: table)


async def test_an_account_has_its_own_plan_or_else_the_default(store: PlanStore, cache: PlanCache, tenant: str) -> None:
    assert await cache.find(tenant, ACCOUNT) is None
    own, _ = await store.put(tenant, ACCOUNT, plan("own"), "user ada")
    default, _ = await store.put(tenant, "default", plan("default"), "user ada")
    cache.forget(tenant)
    assert await cache.find(tenant, ACCOUNT) == own
    assert await cache.find(tenant, OTHER) == default
    assert await cache.find(f"{tenant}0", ACCOUNT) is None


async def test_many_calls_cost_one_request(
    store: PlanStore, cache: PlanCache, tenant: str, requests: list[str]
) -> None:
    await store.put(tenant, "default", plan(), "user ada")
    requests.clear()
    found = await asyncio.gather(*(cache.find(tenant, ACCOUNT) for _ in range(50)))
    assert all(found)
    assert await cache.find(tenant, OTHER)
    assert requests == ["GET"]


async def test_versions_and_deleted_plans_are_not_read(store: PlanStore, cache: PlanCache, tenant: str) -> None:
    for name in ("one", "two"):
        await store.put(tenant, ACCOUNT, plan(name), "user ada")
    found = await cache.find(tenant, ACCOUNT)
    assert found is not None
    assert (found.version, found.plan) == (2, plan("two"))
    await store.delete(tenant, ACCOUNT, "user ada")
    cache.forget(tenant)
    assert await cache.find(tenant, ACCOUNT) is None


async def test_a_changed_plan_is_read_after_some_seconds(
    store: PlanStore, cache: PlanCache, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.put(tenant, ACCOUNT, plan("one"), "user ada")
    await cache.find(tenant, ACCOUNT)
    second, _ = await store.put(tenant, ACCOUNT, plan("two"), "user ada")
    before = await cache.find(tenant, ACCOUNT)
    assert before is not None
    assert before.version == 1
    monkeypatch.setattr(module, "MAX_AGE", -1.0)
    assert await cache.find(tenant, ACCOUNT) == second


async def test_without_storage_no_plan_is_known_or_the_last_ones_hold(
    store: PlanStore, table: TableClient, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAUSE", -1.0)
    connection = CONNECTION.format(url=closed_port())
    async with TableClient.from_connection_string(connection, "plans", retry_total=0) as unreachable:
        tables = [unreachable, table, unreachable]
        cache = PlanCache(lambda: tables[0])
        with pytest.raises(PlansUnavailable, match="cannot be read from storage"):
            await cache.find(tenant, ACCOUNT)
        saved, _ = await store.put(tenant, ACCOUNT, plan(), "user ada")
        tables.pop(0)
        assert await cache.find(tenant, ACCOUNT) == saved
        tables.pop(0)
        cache.forget(tenant)
        assert await cache.find(tenant, ACCOUNT) == saved


async def test_a_call_does_not_wait_for_a_storage_that_hangs(tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT", 0.1)

    async def hang(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    connection = CONNECTION.format(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with TableClient.from_connection_string(connection, "plans", retry_total=0) as hanging:
        cache = PlanCache(lambda: hanging)
        async with asyncio.timeout(2):
            with pytest.raises(PlansUnavailable):
                await cache.find(tenant, ACCOUNT)
        await cache.close()
    server.close()


async def test_an_unreadable_plan_does_not_affect_the_others(
    store: PlanStore, cache: PlanCache, table: TableClient, tenant: str
) -> None:
    saved, _ = await store.put(tenant, ACCOUNT, plan(), "user ada")
    await store.put(tenant, "default", plan(), "user ada")
    newer = '{"start": "a", "steps": {"a": {"type": "teleport"}}}'
    await table.upsert_entity(rows.entity(tenant, rows.plan_key(ACCOUNT), saved) | {"plan": newer})
    with pytest.raises(PlansUnavailable, match=f"version 1 of the plan {ACCOUNT} cannot be read"):
        await cache.find(tenant, ACCOUNT)
    assert await cache.find(tenant, OTHER)
