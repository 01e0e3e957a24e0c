"""Parameters, bodies and results of customers."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from shared.api.parameters import PageQuery
from shared.api.route import Strict

CUSTOMER = "C-1001"
ID_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
OF_CUSTOMER = {
    "customerId": Meta(
        pattern=ID_PATTERN,
        examples=[CUSTOMER],
        description="an id of the client's own: at most 64 letters, digits, `.`, `_` and `-`. No name and no "
        "number: URLs are logged",
    )
}
MOST_IMPORTED = 200

Name = Annotated[str, Meta(min_length=1, max_length=100, examples=["Megan Bowen"])]
Number = Annotated[
    str,
    Meta(min_length=1, max_length=40, examples=["+49 30 1234567"], description="with its country: `+49 30 1234567`"),
]
Numbers = Annotated[tuple[Number, ...], Meta(max_length=10)]


class NewCustomer(Strict, frozen=True):
    name: Name
    numbers: Numbers = ()


class ImportedCustomer(Strict, frozen=True):
    id: Annotated[str, Meta(pattern=ID_PATTERN)]
    name: Name
    numbers: Numbers = ()


class CustomerImport(Strict, frozen=True):
    customers: Annotated[
        tuple[ImportedCustomer, ...],
        Meta(min_length=1, max_length=MOST_IMPORTED, description="within the 64 KiB of a body"),
    ]


class CustomerSearch(PageQuery, frozen=True, kw_only=True):
    """By number or by name. A number has one page."""

    number: Number | UnsetType = UNSET
    name: Annotated[Name, Meta(description="the beginning of a word of the name")] | UnsetType = UNSET


class ImportResult(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What became of one customer. ``detail`` says why it failed."""

    id: str
    status: Literal["created", "replaced", "failed"]
    detail: str | UnsetType = UNSET


class ImportResults(Struct, frozen=True, rename="camel"):
    """In the order of the import."""

    value: tuple[ImportResult, ...]
