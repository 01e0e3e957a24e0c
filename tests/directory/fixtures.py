"""People and accounts in the emulator's initial directory, and helpers."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol

import pytest

from shared.directory.caller import Caller
from shared.directory.errors import UpstreamError
from tests.emulator.client import Control

API = "a9100000-0000-4000-8000-0000000000a1"
CONTOSO, FABRIKAM = "c0000000-0000-4000-8000-000000000001", "f0000000-0000-4000-8000-000000000002"
STRANGER = "50000000-0000-4000-8000-000000000003"
ADA, GRACE, ALAN, JOAN = (
    "0000ada0-0000-4000-8000-0000000000a1",
    "0000c0de-0000-4000-8000-0000000000a2",
    "0000a1a0-0000-4000-8000-0000000000a3",
    "00001a90-0000-4000-8000-0000000000a4",
)
FELIX = "0000fe11-0000-4000-8000-0000000000b1"
SUPPORT_LINE = "11111111-1111-4111-8111-111111111111"
NEW_LINE = "11111111-1111-4111-8111-111111111199"  # of a resource account that has no assignment yet


class SignedIn(Protocol):
    """Signs a user of contoso in, or another caller by the options of the emulator's control API."""

    async def __call__(self, user: str | None = None, **how: Any) -> Caller: ...


async def upstream_error(answer: Awaitable[Any]) -> UpstreamError:
    with pytest.raises(UpstreamError) as raised:
        await answer
    return raised.value


async def token_for(control: Control, user: str | None = None, **how: Any) -> str:
    """The token that a client app gets by signing a user in."""
    return str((await control("POST", "entra/tokens", how | ({"user": user} if user else {})))["token"])
