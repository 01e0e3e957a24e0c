"""The emulator's clock."""

from __future__ import annotations

import time

import pytest

from emulator.clock import Clock


def test_a_new_speed_applies_to_the_future_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: wall)
    clock = Clock()
    began = clock.elapsed()
    for speed in (60.0, 1.0):
        wall += 10
        clock.speed = speed
    wall += 10
    assert clock.elapsed() - began == 10 + 600 + 10
