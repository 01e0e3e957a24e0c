"""The states of a call, in the order of their rank. A call only ever rises."""

from __future__ import annotations

from enum import StrEnum


class CallState(StrEnum):
    NEW = "new"
    DIALING = "dialing"  # an outbound call that has not been picked up
    RINGING = "ringing"
    NOT_OURS = "not ours"
    MISSED = "missed"
    REFUSED = "refused"  # ACS refused the answer
    REJECTED = "rejected"  # the policy is to reject calls
    ANSWERED = "answered"
    FAILED = "failed"  # answered, but the call could not be set up, or no event about it ever came
    CONNECTED = "connected"
    ENDED = "ended"

    @property
    def rank(self) -> int:
        return _RANKS[self]

    @property
    def is_settled(self) -> bool:
        """Whether the state is usually the last one. Events that imply a higher one still raise it."""
        return self in _SETTLED


_RANKS = {state: rank for rank, state in enumerate(CallState)}
_SETTLED = frozenset(
    {
        CallState.NOT_OURS,
        CallState.MISSED,
        CallState.REFUSED,
        CallState.REJECTED,
        CallState.FAILED,
        CallState.ENDED,
    }
)


def higher(a: CallState, b: CallState) -> CallState:
    return max(a, b, key=lambda state: state.rank)
