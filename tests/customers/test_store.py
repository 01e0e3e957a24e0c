"""Customers in Table storage: found by each question, for each tenant apart, whatever two writers do."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from azure.data.tables.aio import TableClient

from shared.customers import rows
from shared.customers.models import Customer
from shared.customers.store import CustomerStore
from shared.directory.errors import UpstreamError

NUMBER, OTHER = "+49301234567", "+14255550123"


@pytest.fixture
async def table(storage: str) -> AsyncIterator[TableClient]:
    async with TableClient.from_connection_string(storage, "customers") as client:
        yield client


@pytest.fixture
def store(table: TableClient, clock: Callable[[], datetime]) -> CustomerStore:
    return CustomerStore(table, clock)


async def row_keys(table: TableClient, tenant: str) -> set[str]:
    query = table.query_entities("PartitionKey eq @tenant", parameters={"tenant": tenant})
    return {row["RowKey"] async for row in query}


async def names(store: CustomerStore, tenant: str, text: str) -> list[str]:
    return [customer.id for customer in (await store.named(tenant, text)).value]


async def test_a_customer_is_found_by_id_number_and_each_word_of_the_name(store: CustomerStore, tenant: str) -> None:
    megan, created = await store.put(tenant, "C-1", "Megan Bowen", (NUMBER, OTHER))
    assert created
    assert await store.get(tenant, "C-1") == megan
    assert await store.of_number(tenant, NUMBER) == await store.of_number(tenant, OTHER) == [megan]
    for text in ("meg", "Megan Bo", "BÓWEN"):
        assert await names(store, tenant, text) == ["C-1"]
    assert await names(store, tenant, "egan") == []


async def test_tenants_do_not_see_each_others_customers(store: CustomerStore, tenant: str) -> None:
    await store.put(tenant, "C-1", "Megan Bowen", (NUMBER,))
    other = str(uuid.uuid4())
    assert await store.get(other, "C-1") is None
    assert await store.of_number(other, NUMBER) == []
    assert await names(store, other, "megan") == []
    assert (await store.newest(other)).value == ()
    await store.delete(other, "C-1")
    assert await store.get(tenant, "C-1") is not None


async def test_a_number_finds_no_customer_whose_number_begins_with_it(store: CustomerStore, tenant: str) -> None:
    await store.put(tenant, "C-1", "Long", (f"{NUMBER}8",))
    assert await store.of_number(tenant, NUMBER) == []


async def test_a_number_that_several_have_finds_all_of_them(store: CustomerStore, tenant: str) -> None:
    for id in ("C-2", "C-1"):
        await store.put(tenant, id, f"Customer {id}", (NUMBER,))
    assert [customer.id for customer in await store.of_number(tenant, NUMBER)] == ["C-1", "C-2"]


async def test_a_replaced_customer_is_not_found_by_what_it_had(
    store: CustomerStore, table: TableClient, tenant: str
) -> None:
    first, _ = await store.put(tenant, "C-1", "Megan Bowen", (NUMBER,))
    second, created = await store.put(tenant, "C-1", "Megan Meyer", (OTHER,))
    assert (created, second.created_at, second.changed_at > first.changed_at) == (False, first.created_at, True)
    assert await store.of_number(tenant, NUMBER) == []
    assert await names(store, tenant, "bowen") == []
    assert (await store.newest(tenant)).value == (second,)
    assert await row_keys(table, tenant) == {rows.id_key("C-1"), *rows.keys_of(second)}


async def test_the_same_again_changes_nothing_and_repairs_a_missing_row(
    store: CustomerStore, table: TableClient, tenant: str
) -> None:
    first, _ = await store.put(tenant, "C-1", "Megan Bowen", (NUMBER,))
    await table.delete_entity(tenant, f"{rows.number_keys(NUMBER)}C-1")
    again, created = await store.put(tenant, "C-1", "Megan Bowen", (NUMBER,))
    assert (again, created) == (first, False)
    assert await store.of_number(tenant, NUMBER) == [first]


@pytest.mark.parametrize("numbers", [(OTHER,), None], ids=["replaced", "deleted"])
async def test_a_customer_whose_row_of_a_number_is_missing_can_be_changed_and_deleted(
    store: CustomerStore, table: TableClient, tenant: str, numbers: tuple[str, ...] | None
) -> None:
    await store.put(tenant, "C-1", "Megan Bowen", (NUMBER,))
    await table.delete_entity(tenant, f"{rows.number_keys(NUMBER)}C-1")
    if numbers is None:
        await store.delete(tenant, "C-1")
        assert await row_keys(table, tenant) == set()
    else:
        customer, _ = await store.put(tenant, "C-1", "Megan Bowen", numbers)
        assert await row_keys(table, tenant) == {rows.id_key("C-1"), *rows.keys_of(customer)}


async def test_a_deleted_customer_leaves_no_row_and_deleting_again_is_harmless(
    store: CustomerStore, table: TableClient, tenant: str
) -> None:
    await store.put(tenant, "C-1", "Megan Bowen", (NUMBER, OTHER))
    for _ in range(2):
        await store.delete(tenant, "C-1")
        assert await row_keys(table, tenant) == set()


async def test_of_writers_at_once_one_is_last_and_its_rows_are_all_there_is(
    store: CustomerStore, table: TableClient, tenant: str
) -> None:
    writers = [store.put(tenant, "C-1", f"Writer {n}", (f"+4930123456{n}",)) for n in range(6)]
    writers.append(store.delete(tenant, "C-1"))  # type: ignore[arg-type]
    await asyncio.gather(*writers)
    last = await store.get(tenant, "C-1")
    assert await row_keys(table, tenant) == ({rows.id_key("C-1"), *rows.keys_of(last)} if last else set())


async def test_a_check_that_refuses_changes_nothing(store: CustomerStore, tenant: str) -> None:
    first, _ = await store.put(tenant, "C-1", "Megan Bowen", (NUMBER,))

    def refuse(present: Customer | None) -> None:
        assert present == first
        raise LookupError

    changes: list[Any] = [store.put(tenant, "C-1", "Other", (), refuse), store.delete(tenant, "C-1", refuse)]
    for change in changes:
        with pytest.raises(LookupError):
            await change
    assert await store.get(tenant, "C-1") == first


async def test_the_list_is_paged_newest_first_and_a_name_in_no_continuation_of_it(
    store: CustomerStore, tenant: str
) -> None:
    for n in range(5):
        await store.put(tenant, f"C-{n}", "Megan", ())
    found: list[str] = []
    continuation = None
    for _ in range(3):
        page = await store.newest(tenant, 2, continuation)
        found += [customer.id for customer in page.value]
        continuation = page.continuation
    assert found == ["C-4", "C-3", "C-2", "C-1", "C-0"]
    assert continuation is None


async def test_a_search_is_paged_in_the_order_of_names(store: CustomerStore, tenant: str) -> None:
    for n, name in enumerate(("Meyer", "Megan Bowen", "Adele Mead")):
        await store.put(tenant, f"C-{n}", name, ())
    first = await store.named(tenant, "me", 2)
    second = await store.named(tenant, "me", 2, first.continuation)
    assert [customer.name for customer in (*first.value, *second.value)] == ["Adele Mead", "Megan Bowen", "Meyer"]


async def test_a_continuation_of_another_question_is_refused(store: CustomerStore, tenant: str) -> None:
    await store.put(tenant, "C-1", "Megan", ())
    of_names = (await store.named(tenant, "m", 1)).continuation
    for forged in (of_names, "x", "____"):
        with pytest.raises(UpstreamError):
            await store.newest(tenant, 1, forged)


@pytest.mark.parametrize(
    "name", ["O'Neill 'or' 1 eq 1", "\U0001f600 Ada", "王 小明", "a" * 100, "/\\#?%\t", "\ud7fb", "\ufdfa" * 100]
)
async def test_any_name_can_be_kept_and_found(store: CustomerStore, tenant: str, name: str) -> None:
    kept, _ = await store.put(tenant, "C-1", name, ())
    assert await store.get(tenant, "C-1") == kept
    letters = "".join(each if each.isalnum() else " " for each in name).split()
    for text in letters:
        assert "C-1" in await names(store, tenant, text)
    assert all(len(key.encode("utf-16-le")) <= 1024 for key in rows.keys_of(kept)), "the limit of a key"


def test_repr_shows_no_name_and_no_number() -> None:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    assert repr(Customer("C-1", "Megan", (NUMBER,), at, at)) == "Customer(id='C-1')"
