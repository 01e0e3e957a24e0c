"""A request that has been let in: signed, well formed, and about a call that may be asked this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from emulator.acs.calls import Call, Participant
from emulator.acs.errors import not_found
from emulator.acs.identifiers import Identifier


@dataclass
class Request:
    params: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    about: Call | None = None
    bearer: str = ""  # the Entra token of an operation that is asked for with one

    @property
    def call(self) -> Call:
        """The call of an operation on a call connection."""
        if self.about is None:
            raise LookupError("this operation is not about a call")
        return self.about


def present(call: Call, who: Identifier) -> Participant:
    """A participant that a request is about. Raises AcsError if they are not in the call."""
    if person := call.find(who["rawId"]):
        return person
    raise not_found("The participant is not in the call.")
