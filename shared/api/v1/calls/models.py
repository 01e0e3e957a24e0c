"""The data of calls in the API. Participants are raw ids; times are UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

OperationStatus = Literal["requested", "accepted", "succeeded", "canceled", "failed"]


class Failure(Struct, frozen=True, rename="camel"):
    """Why an operation failed: the codes of the platform, and what they mean."""

    code: int
    sub_code: int
    meaning: str
    remedy: str


class OperationState(Struct, frozen=True, rename="camel"):
    """An operation that was requested: ``accepted`` is ACS's word, and the others but ``requested`` are final."""

    id: str
    name: str
    status: OperationStatus
    requested_at: datetime
    requested_by: str
    parameters: dict[str, Any]
    ended_at: datetime | None = None
    failure: Failure | None = None
    result: dict[str, Any] | None = None
