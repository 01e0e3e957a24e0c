"""Whom the application rings from a call: the conditions of an invitation or a transfer, and its context."""

from __future__ import annotations

from typing import Any

from emulator.acs import errors
from emulator.acs.calls import Call
from emulator.acs.custom_context import CustomContext, delivered
from emulator.acs.identifiers import Identifier
from emulator.acs.messages import Request

# azure-docs, concepts/telephony/emergency-calling-concept.md: an emergency call is placed with the Calling SDK.
EMERGENCY_NUMBERS = frozenset({"112", "911", "999", "000"})


def check_number(target: Identifier) -> None:
    """Raises AcsError for an emergency number."""
    if target["rawId"].removeprefix("4:").removeprefix("+") in EMERGENCY_NUMBERS:
        raise errors.AcsError(405, errors.UNSUPPORTED, "Call Automation places no emergency calls.")


def check(call: Call, target: Identifier, body: dict[str, Any]) -> None:
    """Raises AcsError for a target that can't be rung from this call."""
    check_number(target)
    for name in ("sourceCallerIdNumber", "sourceDisplayName"):
        if call.kind == "tpe" and body.get(name):
            raise errors.invalid(f"The field '{name}' is not allowed in a Teams Phone call.")
    invited = any(one.participant == target for one in call.invitations.values())
    if call.find(target["rawId"]) or invited:
        raise errors.AcsError(409, errors.CONFLICT, "The participant is already in the call or being invited.")
    if call.kind == "tpe" and target["rawId"] in call.answered_numbers:
        message = f"A Teams Phone call can't dial the number {target['rawId']} a second time."
        raise errors.AcsError(405, errors.UNSUPPORTED, message)


def note(request: Request, target: Identifier, operation: str) -> CustomContext:
    """Keep what the target is given of the custom context, for the control API. The journal names the rest."""
    context, ignored = delivered(target, request.body.get("customCallingContext") or {})
    request.ignored.extend(ignored)
    rung = {"operation": operation, "participant": target["rawId"], "customContext": context}
    request.call.rung.append(rung)
    return context


def answered(call: Call, target: Identifier) -> None:
    if target["kind"] == "phoneNumber":
        call.answered_numbers.add(target["rawId"])
