"""Outbound calls."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from shared.calls.actions.base import MOST_TRIES, Action

TOO_MANY_REQUESTS = 429


class CreateCall(Action, frozen=True, tag="CreateCall"):
    """Call ``target`` on behalf of a resource account, by its object id.

    ACS can have dialled even if its response is lost, so only a request that it certainly refused is sent again.
    """

    target: str
    account: str

    is_sent_once: ClassVar[bool] = True
    longest_outcome: ClassVar[timedelta] = timedelta(minutes=3)  # ACS gives up after 115 s

    def is_final(self, code: int, sub_code: int, tries: int) -> bool:  # noqa: ARG002
        return code != TOO_MANY_REQUESTS or tries >= MOST_TRIES
