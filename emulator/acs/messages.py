"""The input and the output of a handler: an admitted request, and an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.acs.calls import Call
from emulator.acs.errors import not_found
from emulator.acs.identifiers import Identifier
from emulator.acs.parties import Participant


@dataclass
class Request:
    """A request that is authenticated, well formed, and allowed in the state of its call."""

    params: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    about: Call | None = None
    api_version: str = ""
    bearer: str = ""  # the Entra token of an operation that takes one
    ignored: list[str] = field(default_factory=list)  # the names of what was given in vain, for the journal

    @property
    def call(self) -> Call:
        """The call of an operation on a call connection."""
        if self.about is None:
            raise LookupError("this operation is not about a call")
        return self.about


@dataclass(frozen=True)
class Answer:
    """A response in the making. ``status`` None means the one the operation is documented to have."""

    body: dict[str, Any] | None = None
    status: int | None = None
    chain_id: str | None = None  # X-Microsoft-Skype-Chain-ID, where it must be the call's correlation id
    file: Path | None = None  # served instead of a body
    content_type: str = "application/json"


def participant(call: Call, who: Identifier) -> Participant:
    """The participant that a request names. Raises AcsError if they are not in the call."""
    if found := call.find(who["rawId"]):
        return found
    raise not_found("The participant is not in the call.")


def operation_context(body: dict[str, Any]) -> dict[str, Any]:
    """The field of an answer that repeats the request's, where it was given."""
    context = body.get("operationContext")
    return {} if context is None else {"operationContext": context}
