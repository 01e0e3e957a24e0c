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
    """Somebody was told to do what nobody can; the text says why."""


@dataclass(frozen=True)
class Behaviour:
    does: str = "accept"
    after: float = 1.0  # seconds from ringing to accepting or declining

    @classmethod
    def parse(cls, told: Mapping[str, Any]) -> Behaviour:
        does, after = told.get("behaviour", "accept"), told.get("after", 1.0)
        if does not in BEHAVIOURS:
            raise BadBehaviour(f"'behaviour' is one of {', '.join(BEHAVIOURS)}, not {does!r}")
        if isinstance(after, bool) or not isinstance(after, (int, float)) or after < 0:
            raise BadBehaviour(f"'after' is a number of seconds, not {after!r}")
        return cls(does, float(after))


class People:
    """Everybody accepts after a second unless told otherwise."""

    def __init__(self) -> None:
        self._told: dict[str, Behaviour] = {}

    def tell(self, raw_id: str, behaviour: Behaviour) -> None:
        self._told[raw_id] = behaviour

    def clear(self) -> None:
        self._told.clear()

    def rung(self, person: Identifier, timeout: float) -> Outcome:
        """What comes of ringing somebody for at most ``timeout`` seconds."""
        told = self._told.get(person["rawId"], Behaviour())
        if told.does == "wrong_token":
            # The client is signed in with a Teams token instead of a dual-persona one: it never rings.
            return Outcome(timeout, False, 408, 10057, "The invitation timed out.")
        if told.does == "no_answer" or told.after > timeout:
            if person["kind"] == "phoneNumber":
                return Outcome(timeout, False, 480, 560480, "No answer.")
            return Outcome(timeout, False, 487, 10004, "The ring timed out.")
        if told.does == "decline":
            return Outcome(told.after, False, 603, 560603, "Declined.")
        return Outcome(told.after, True)
