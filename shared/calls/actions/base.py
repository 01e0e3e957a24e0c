"""The base of actions.

Each action has the time for which an invocation leases it (``lease``), the time that one request may take
(``time_limit``, seconds), and the time to wait for the event that reports its outcome (``outcome_timeout``). Tags are
saved in rows: they stay when a class is renamed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from msgspec import Struct

from shared.calls.result_codes import Disposition, look_up

NOT_FOUND = 404
MOST_TRIES = 3

# Event Grid waits 30 seconds for a function. The functions of this app end after 9
# (service.time_limits.INVOCATION_SECONDS), and an effect within them after 6. A lease that is older than 10 seconds
# belongs to an invocation that died.
EFFECT_SECONDS = 6.0
LEASE = timedelta(seconds=10)


class Action(Struct, frozen=True, tag_field="do", omit_defaults=True):
    """The base of all actions. Participants are named by raw id: ``4:+…``, ``8:acs:…``, ``8:orgid:…``, ``28:orgid:…``.

    ``queue``: of the actions with the same queue, ACS carries out one at a time; the app sends one at a time.
    ``is_done_when_accepted``: no event follows; the response is the outcome.
    ``is_sent_once``: it is not sent again if the response to it is lost.
    ``outcome_can_wait``: nothing follows from its outcome, which can be saved together with another one.
    ``takes_over``: as a command it moves the call, whose plan ends with it.
    ``steps``: the steps of a command that ACS has no single operation for. A capability wants them.
    """

    lease: ClassVar[timedelta] = LEASE
    time_limit: ClassVar[float] = EFFECT_SECONDS
    longest_outcome: ClassVar[timedelta] = timedelta(minutes=1)
    queue: ClassVar[str] = ""
    is_done_when_accepted: ClassVar[bool] = False
    steps: ClassVar[tuple[str, ...]] = ()
    outcome_can_wait: ClassVar[bool] = False
    takes_over: ClassVar[bool] = False
    is_sent_once: ClassVar[bool] = False

    @property
    def name(self) -> str:
        return str(self.__struct_config__.tag)

    @property
    def outcome_timeout(self) -> timedelta:
        return self.longest_outcome

    @property
    def is_background(self) -> bool:
        """Whether it goes on until it is stopped, and gives way to every other action of its queue."""
        return False

    @property
    def cancels(self) -> str | None:
        """The operation context of the operation that it cancels."""
        return None

    def is_final(self, code: int, sub_code: int, tries: int) -> bool:  # noqa: ARG002  # subclasses use them
        """Whether a request that failed for the ``tries``-th time is not sent again."""
        return False


class Operation(Action, frozen=True):
    """The base of the actions that are tried three times at most."""

    def is_final(self, code: int, sub_code: int, tries: int) -> bool:
        return tries >= MOST_TRIES or look_up(code, sub_code).disposition is not Disposition.TRANSIENT
