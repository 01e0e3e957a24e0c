"""What the steps of a routing plan ask of this app's own storage, and of other applications."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Literal

from shared.calls.actions.base import Action, Operation

GROUP = "group:"  # the prefix of a group among the targets of an offer; the others are raw ids


class OfferCall(Operation, frozen=True, tag="OfferCall"):
    """Claim the next targets that are free, for this call. The response (``CallOffered``) names them.

    ``targets`` are raw ids, and ``group:{id}`` for groups of agents. ``excluded`` have been offered the call during
    this visit. ``claims_all``: all that are free, not the next one alone. ``waits``: the call waits in the groups'
    queues until an agent of theirs is free and the callers before it are served; without it, an offer to none is final.
    ``seconds``: for how long a claim lasts if nothing follows. The same ``round`` of a visit claims the same agents
    again, so that a repeated request does no harm.
    """

    visit: str
    round: int
    targets: tuple[str, ...]
    order: Literal["all", "inTurn", "longestIdle"]
    seconds: int
    excluded: tuple[str, ...] = ()
    waits: bool = False

    @property
    def claims_all(self) -> bool:
        return self.order == "all"

    longest_outcome: ClassVar[timedelta] = timedelta(seconds=10)
    is_done_when_accepted: ClassVar[bool] = True


class EngageAgent(Action, frozen=True, tag="EngageAgent"):
    """The agent has accepted the call: in a call, as long as it lasts."""

    agent: str

    is_done_when_accepted: ClassVar[bool] = True


class ReleaseAgent(Action, frozen=True, tag="ReleaseAgent"):
    """End the claim on an agent. ``after``: ``accepted`` leads to wrap-up, ``noAnswer`` to away; ``declined`` and
    ``withdrawn`` leave the agent available.
    """

    agent: str
    after: Literal["accepted", "declined", "noAnswer", "withdrawn"]

    is_done_when_accepted: ClassVar[bool] = True


class StopWaiting(Action, frozen=True, tag="StopWaiting"):
    """Take the call out of the queues of these groups."""

    groups: tuple[str, ...]

    is_done_when_accepted: ClassVar[bool] = True


class RequestDecision(Operation, frozen=True, tag="RequestDecision"):
    """Publish DecisionRequested: another application chooses one of the steps within ``seconds``."""

    visit: str
    choices: tuple[str, ...]
    seconds: int

    is_done_when_accepted: ClassVar[bool] = True
