"""Simulated callees: what an agent or a number does when it is rung, and once it has accepted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from emulator.acs.calls import Script
from emulator.acs.identifiers import Identifier
from emulator.acs.results import (
    ACCEPTED,
    DECLINED,
    INVITATION_TIMEOUT,
    NO_ANSWER,
    REJECTED_BY_USER,
    RING_TIMEOUT,
    Result,
)

BEHAVIOURS = ("accept", "decline", "no_answer", "voicemail", "wrong_token")


@dataclass(frozen=True)
class Outcome:
    """How ringing a callee ends, and after how many seconds."""

    after: float
    result: Result
    script: Script = field(default_factory=Script)  # of a callee who accepts
    is_announced_as_accepted: bool = False  # though they declined

    @property
    def accepted(self) -> bool:
        return self.result is ACCEPTED

    @property
    def rang_out(self) -> bool:
        return self.result in (INVITATION_TIMEOUT, NO_ANSWER, RING_TIMEOUT)


@dataclass(frozen=True)
class CalleeBehaviour:
    """A voicemail accepts like a person: its greeting is a phrase of its script."""

    does: str = "accept"
    after: float = 1.0  # seconds from ringing to accepting or declining
    declined_as_succeeded: bool = False  # AddParticipantSucceeded comes though they declined, as it has been seen
    script: Script = field(default_factory=Script)


class CalleeBehaviours:
    """What each callee does when rung: accept after a second, unless it was set otherwise."""

    def __init__(self) -> None:
        self._by_raw_id: dict[str, CalleeBehaviour] = {}

    def __contains__(self, raw_id: str) -> bool:
        return raw_id in self._by_raw_id

    def items(self) -> Iterable[tuple[str, CalleeBehaviour]]:
        return self._by_raw_id.items()

    def set(self, raw_id: str, behaviour: CalleeBehaviour) -> None:
        self._by_raw_id[raw_id] = behaviour

    def clear(self) -> None:
        self._by_raw_id.clear()

    def rung(self, callee: Identifier, timeout: float) -> Outcome:
        """The outcome of ringing a callee for at most ``timeout`` seconds."""
        behaviour = self._by_raw_id.get(callee["rawId"], CalleeBehaviour())
        if behaviour.does == "wrong_token":
            return Outcome(timeout, INVITATION_TIMEOUT)
        if behaviour.does == "no_answer" or behaviour.after > timeout:
            return Outcome(timeout, NO_ANSWER if callee["kind"] == "phoneNumber" else RING_TIMEOUT)
        if behaviour.does == "decline":
            declined = REJECTED_BY_USER if callee["kind"] == "communicationUser" else DECLINED
            return Outcome(behaviour.after, declined, is_announced_as_accepted=behaviour.declined_as_succeeded)
        return Outcome(behaviour.after, ACCEPTED, behaviour.script)
