"""What a call allows: the limits of Teams Phone extensibility, checked before anything is asked of ACS.

Source: azure-docs, ``concepts/interop/tpe/teams-phone-extensibility-capabilities.md``. The emulator refuses the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from shared.calls.actions import (
    Action,
    AnyAction,
    HoldParticipant,
    MuteParticipant,
    UnholdParticipant,
)
from shared.calls.capabilities import Call
from shared.calls.policy import RESOURCE_ACCOUNT
from shared.service.consult_rules import consult_refusal

# Actions that Call Automation does not offer in a Teams Phone call, and who offers them instead.
NOT_IN_TEAMS_PHONE: Mapping[type[Action], str] = MappingProxyType(
    {
        MuteParticipant: "In a Teams Phone call only an agent's client can mute others, not Call Automation.",
        HoldParticipant: "In a Teams Phone call only the agent's client can hold, and only in a call of two.",
        UnholdParticipant: "In a Teams Phone call only the agent's client can resume, and only in a call of two.",
    }
)


def refusal(call: Call, action: AnyAction) -> str | None:
    """Why the platform does not allow the action in this call; None if it does."""
    if is_teams_phone(call) and type(action) in NOT_IN_TEAMS_PHONE:
        return NOT_IN_TEAMS_PHONE[type(action)]
    return consult_refusal(call, action)


def is_teams_phone(call: Call) -> bool:
    return (call.lifecycle.callee or "").startswith(RESOURCE_ACCOUNT)
