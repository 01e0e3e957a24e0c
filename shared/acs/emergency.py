"""The last guard before a participant is called, whatever has led to the action."""

from __future__ import annotations

from shared.acs.errors import ActionError
from shared.calls import emergency
from shared.calls.capabilities import Call

FORBIDDEN = 403


def refuse_emergency(call: Call, target: str) -> None:
    """Raises ActionError if the target is an emergency number."""
    if refused := emergency.refusal(call, target):
        raise ActionError(FORBIDDEN, refused)
