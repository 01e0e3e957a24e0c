"""Hanging up, and fetching a call's state."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emulator.server import Emulator
from shared.acs.executor import EffectExecutor
from shared.calls.actions import AnyAction, FetchCallState, HangUp
from shared.calls.capabilities import Call
from shared.calls.capabilities.lifecycle import CallStateFetched
from shared.calls.event import ActionPerformed
from tests.support import UNREADABLE_BODIES, Servers, a_call, asked, perform, unreadable


@pytest.mark.parametrize(("body", "kind"), UNREADABLE_BODIES)
async def test_a_state_that_the_response_does_not_name_is_unknown(
    make_executor: Callable[..., EffectExecutor], servers: Servers, body: bytes, kind: str
) -> None:
    executor = make_executor(ACS_ENDPOINT=await servers.start(unreadable(body, kind)))
    assert await perform(executor, a_call(), FetchCallState()) == CallStateFetched("unknown")


@pytest.mark.parametrize("action", [HangUp(), FetchCallState()], ids=str)
async def test_an_unknown_call_is_gone(executor: EffectExecutor, emulator: Emulator, action: AnyAction) -> None:
    assert await perform(executor, a_call("unknown"), action) == CallStateFetched("gone")


async def test_a_connected_call_is_connected(executor: EffectExecutor, answered_call: Call) -> None:
    assert await perform(executor, answered_call, FetchCallState()) == CallStateFetched("connected")


async def test_hanging_up_ends_the_call_for_everyone(
    executor: EffectExecutor, answered_call: Call, emulator: Emulator
) -> None:
    assert isinstance(await perform(executor, answered_call, HangUp()), ActionPerformed)
    assert len(asked(emulator, "TerminateCall")) == 1
    assert await perform(executor, answered_call, FetchCallState()) == CallStateFetched("gone")
