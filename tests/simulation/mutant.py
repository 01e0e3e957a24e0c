"""A deliberate defect of the app: what it is, the invariant that must catch it, and the patches that make it.

``shown_by`` are the names of runs that show it sooner than the first seeds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mutant:
    what: str
    caught_by: str
    patches: Callable[[], list[Any]]
    shown_by: tuple[str, ...] = ()
