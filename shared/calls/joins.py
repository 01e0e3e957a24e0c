"""Joins: commutative, associative and idempotent, so that the order of events makes no difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

Value = TypeVar("Value")


def earliest(a: datetime | None, b: datetime | None) -> datetime | None:
    return min((moment for moment in (a, b) if moment is not None), default=None)


def latest(a: datetime | None, b: datetime | None) -> datetime | None:
    return max((moment for moment in (a, b) if moment is not None), default=None)


def known(a: str | None, b: str | None) -> str | None:
    """The one that is not empty; the smaller of two that differ."""
    return min((text for text in (a, b) if text), default=None)


def best(a: Value | None, b: Value | None, key: Callable[[Value], Any]) -> Value | None:
    """The value with the largest key, which must order all values totally."""
    return max((value for value in (a, b) if value is not None), key=key, default=None)


def bounded(entries: Mapping[str, Value], limit: int, key: Callable[[Value], Any]) -> dict[str, Value]:
    """The ``limit`` entries with the smallest ``key`` and name: a row has room for 1 MiB."""
    if len(entries) <= limit:
        return dict(entries)
    return dict(sorted(entries.items(), key=lambda item: (key(item[1]), item[0]))[:limit])
