"""The data of customers: in JSON, names are camelCase, times are UTC."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Customer(Struct, frozen=True, rename="camel"):
    """``id`` is the client's own, ``numbers`` are E.164. ``repr`` leaves out the name and the numbers."""

    id: str
    name: str
    numbers: tuple[str, ...]
    created_at: datetime
    changed_at: datetime

    def __repr__(self) -> str:
        return f"Customer(id={self.id!r})"
