"""Names of numbers: at once, in any form, and never in the way."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable

import pytest

from shared.customers import lookup
from shared.customers.lookup import customer_of, customers_of
from shared.customers.models import Customer
from shared.customers.store import CustomerStore
from shared.service.container import Container

NUMBER, OTHER = "+49301234567", "+14255550123"


@pytest.fixture
def customers(container: Container) -> CustomerStore:
    return container.customers


async def test_a_number_in_any_form_leads_to_its_customer(customers: CustomerStore) -> None:
    tenant = str(uuid.uuid4())
    megan, _ = await customers.put(tenant, "C-1", "Megan Bowen", (NUMBER,))
    for number in (NUMBER, "4:+49301234567", "tel:+49-30-1234567"):
        assert await customer_of(customers, tenant, number) == megan
    for unknown in (OTHER, "anonymous", "8:acs:x", ""):
        assert await customer_of(customers, tenant, unknown) is None
    found = await customers_of(customers, tenant, [NUMBER, f"4:{NUMBER}", OTHER, "anonymous"])
    assert found == {NUMBER: megan, f"4:{NUMBER}": megan}
    assert await lookup.find(customers, tenant, id="C-1") == megan


async def test_a_crm_that_fails_or_is_slow_leaves_names_out(
    customers: CustomerStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The documented replacement of ``find``: what it raises is logged without its text."""
    await customers.put("t", "C-1", "Megan Bowen", (NUMBER,))

    async def crm(customers: CustomerStore, tenant: str, *, number: str = "", id: str = "") -> Customer | None:
        if number == OTHER:
            raise LookupError(f"no customer has {number}")
        await asyncio.sleep(60)
        return await customers.get(tenant, id)

    monkeypatch.setattr(lookup, "find", crm)
    monkeypatch.setattr(lookup, "SECONDS", 0.05)
    assert await customer_of(customers, "t", OTHER) is None
    assert await customers_of(customers, "t", [NUMBER]) == {}
    assert "LookupError" in caplog.text
    assert "TimeoutError" in caplog.text
    assert OTHER not in caplog.text


async def test_without_its_table_names_are_missing_and_no_error_is_raised(
    make_container: Callable[..., Container], caplog: pytest.LogCaptureFixture
) -> None:
    container = make_container(CUSTOMERS_TABLE="nosuch")
    assert await customer_of(container.customers, "t", NUMBER) is None
    assert "ResourceNotFoundError" in caplog.text
