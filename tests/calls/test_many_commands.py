"""A call with as many commands as it takes: each event and each request is handled in milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import pytest

from shared.calls.actions import AnyAction, Consult, EndConsult, Music, Play
from shared.calls.capabilities import command_outcome
from shared.calls.event import OperationRequested, own
from shared.calls.operations import MOST_REQUESTED
from tests.calls.driver import CallDriver, at, connected
from tests.golden import event

CALLER, MUSIC = "4:+12065551212", "https://contoso.example/hold.wav"
LIMIT = 0.05  # seconds; some milliseconds on an idle machine


def consults(n: int) -> AnyAction:
    return EndConsult(f"command {n - 1}", "drop") if n % 2 else Consult(f"8:acs:r_t_{n}", CALLER, MUSIC)


COMMANDS: dict[str, Callable[[int], AnyAction]] = {
    "prompts": lambda _: Play("command", MUSIC),
    "music": lambda _: Music(MUSIC),
    "consults": consults,
}


def driven(action: Callable[[int], AnyAction]) -> CallDriver:
    driver = connected()
    for n in range(MOST_REQUESTED):
        driver.receive(own(f"command {n}", at(2 + n / 1000), OperationRequested(action(n), "user u")))
    return driver


def fastest(measured: Callable[[int], Any]) -> float:
    def seconds(n: int) -> float:
        began = perf_counter()
        measured(n)
        return perf_counter() - began

    return min(seconds(n) for n in range(5))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_time_of_an_event_and_of_a_commands_state(name: str) -> None:
    driver = driven(COMMANDS[name])
    strange = [event("play_started", 3, f"x {n}", operationContext=f"x {n}") for n in range(5)]
    assert fastest(lambda n: driver.receive(strange[n])) < LIMIT
    assert fastest(lambda n: command_outcome(driver.call, f"command {n}")) < LIMIT / 5
