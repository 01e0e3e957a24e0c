"""Transfer of a participant."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from msgspec import Struct

from shared.calls.actions.base import Operation


class CustomContext(Struct, frozen=True, omit_defaults=True):
    """What a transfer passes on. ``topic`` and ``details`` are Teams call details."""

    voip_headers: dict[str, str] = {}
    sip_headers: dict[str, str] = {}
    topic: str = ""
    details: dict[str, str] = {}


class TransferCall(Operation, frozen=True, tag="TransferCall"):
    """Transfer ``transferee`` (the only other participant where it is None) to the target."""

    target: str
    transferee: str | None = None
    context: CustomContext = CustomContext()

    queue: ClassVar[str] = "transfer"
    longest_outcome: ClassVar[timedelta] = timedelta(minutes=3)
    takes_over: ClassVar[bool] = True
