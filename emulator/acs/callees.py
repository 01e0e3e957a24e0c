"""Simulated people: what an agent or a number does when it is rung."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.acs.identifiers import Identifier

BEHAVIOURS = ("accept", "decline", "no_answer", "wrong_token")


@dataclass(frozen=True)
class Outcome:
    """How an invitation ends. Codes as CallAutomation's participant failures report them."""

    after: float
    accepted: bool
    code: int = 200
    sub_code: int = 0
    message: str = "Success"


class BadBehaviour(ValueError):
    """Somebody was given to do what nobody can; the text says why."""


@dataclass(frozen=True)
class CalleeBehaviour:
    does: str = "accept"
    after: float = 1.0  # seconds from ringing to accepting or declining

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> CalleeBehaviour:
        does, after = given.get("behaviour", "accept"), given.get("after", 1.0)
        if does not in BEHAVIOURS:
            raise BadBehaviour(f"'behaviour' is one of {', '.join(BEHAVIOURS)}, not {does!r}")
        if isinstance(after, bool) or not isinstance(after, (int, float)) or after < 0:
            raise BadBehaviour(f"'after' is a number of seconds, not {after!r}")
        return cls(does, float(after))


class CalleeBehaviours:
    """What each callee does when rung: accept after a second, unless it was set otherwise."""

    def __init__(self) -> None:
        self._by_raw_id: dict[str, CalleeBehaviour] = {}

    def set(self, raw_id: str, behaviour: CalleeBehaviour) -> None:
        self._by_raw_id[raw_id] = behaviour

    def clear(self) -> None:
        self._by_raw_id.clear()

    def rung(self, person: Identifier, timeout: float) -> Outcome:
        """What comes of ringing somebody for at most ``timeout`` seconds."""
        given = self._by_raw_id.get(person["rawId"], CalleeBehaviour())
        if given.does == "wrong_token":
            # The client is signed in with a Teams token instead of a dual-persona one: it never rings.
            return Outcome(timeout, False, 408, 10057, "The invitation timed out.")
        if given.does == "no_answer" or given.after > timeout:
            if person["kind"] == "phoneNumber":
                return Outcome(timeout, False, 480, 560480, "No answer.")
            return Outcome(timeout, False, 487, 10004, "The ring timed out.")
        if given.does == "decline":
            return Outcome(given.after, False, 603, 560603, "Declined.")
        return Outcome(given.after, True)
