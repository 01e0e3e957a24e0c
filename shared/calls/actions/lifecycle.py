"""Ending a call, and fetching its state."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from shared.calls.actions.base import Action


class HangUp(Action, frozen=True, tag="HangUp"):
    """End the call for everyone."""

    longest_outcome: ClassVar[timedelta] = timedelta(seconds=30)
    takes_over: ClassVar[bool] = True


class FetchCallState(Action, frozen=True, tag="FetchCallState"):
    """Ask ACS for the state of the call."""
