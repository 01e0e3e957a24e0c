"""The rows of a customer in Table storage.

All rows of a tenant are in one partition, so that those of a customer change in one transaction. Each row holds the
whole customer, so that each question is one query:

| row key | question |
|---|---|
| ``id {id}`` | the customer of an id. Its ETag guards the customer |
| ``new {time, counted down} {id}`` | all customers, the newest first |
| ``number {E.164} {id}`` | the customers of a number, which several can share |
| ``name {folded} {id}`` | the customers whose name has a word that begins so |
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shared.customers.models import Customer
from shared.customers.text import beginnings

NEWEST = "new "
_LATEST = 10**14 - 1  # milliseconds since 1970, from which times are counted down


def id_key(id: str) -> str:
    return f"id {id}"


def number_keys(number: str) -> str:
    """The beginning of the keys of a number."""
    return f"number {number} "


def name_keys(folded: str) -> str:
    """The beginning of the keys of names that have it at the beginning of a word."""
    return f"name {folded}"


def keys_of(customer: Customer) -> set[str]:
    """The keys of a customer's rows, except the one of its id."""
    names = {f"{name_keys(text)} {customer.id}" for text in beginnings(customer.name)}
    numbers = {f"{number_keys(number)}{customer.id}" for number in customer.numbers}
    return {f"{NEWEST}{_countdown(customer.created_at)} {customer.id}"} | names | numbers


def entity(tenant: str, key: str, customer: Customer) -> dict[str, Any]:
    return {"PartitionKey": tenant, "RowKey": key, "customer": msgspec.json.encode(customer).decode()}


def customer_in(row: Any) -> Customer:
    return msgspec.json.decode(row["customer"], type=Customer)


def after(beginning: str) -> str:
    """The first key after all those with this beginning."""
    return beginning[:-1] + chr(ord(beginning[-1]) + 1)


def _countdown(at: datetime) -> str:
    return f"{_LATEST - int(at.timestamp() * 1000):014d}"
