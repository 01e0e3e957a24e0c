"""A deliberate defect of the app: what it is, the invariant that must catch it, and the patches that make it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mutant:
    what: str
    caught_by: str
    patches: Callable[[], list[Any]]
