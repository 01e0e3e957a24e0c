"""What a call allows: the limits of Teams Phone extensibility, checked before anything is asked of ACS.

Sources: azure-docs, ``concepts/interop/tpe/teams-phone-extensibility-capabilities.md``, and for headers
``how-tos/call-automation/custom-context.md``. The emulator refuses the same. What the documents disagree about is
allowed, and the refusal of ACS is explained by ``result_codes``: adding a Teams user, transferring to a call queue.

Who is in the call is known from ParticipantsUpdated. Before the first one, ACS alone decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TypeVar

from shared.calls import commands, emergency
from shared.calls.actions import (
    Action,
    AddParticipant,
    AnyAction,
    CancelInvitation,
    CancelMedia,
    Consult,
    HoldParticipant,
    Music,
    MuteParticipant,
    Play,
    Recognize,
    RemoveParticipant,
    RequestRecording,
    SendDtmf,
    StartContinuousDtmf,
    StopContinuousDtmf,
    TransferCall,
    UnholdParticipant,
)
from shared.calls.capabilities import Call, command_outcome
from shared.calls.identities import Kind, described, is_among, is_same, kind_of
from shared.calls.presence import is_teams_phone, others
from shared.service.consult_rules import consult_refusal

# Actions that Call Automation does not offer in a Teams Phone call, and who offers them instead.
NOT_IN_TEAMS_PHONE: Mapping[type[Action], str] = MappingProxyType(
    {
        MuteParticipant: "In a Teams Phone call only an agent's client can mute others, not Call Automation.",
        HoldParticipant: "In a Teams Phone call only the agent's client can hold, and only in a call of two.",
        UnholdParticipant: "In a Teams Phone call only the agent's client can resume, and only in a call of two.",
    }
)

Requested = TypeVar("Requested", bound=Action)


def refusal(call: Call, action: AnyAction) -> str | None:
    """Why the platform does not allow the action in this call; None if it does."""
    if is_teams_phone(call) and type(action) in NOT_IN_TEAMS_PHONE:
        return NOT_IN_TEAMS_PHONE[type(action)]
    if refused := _refused_in_emergency(call, action):
        return refused
    match action:
        case AddParticipant(target=target):
            return _refused_addition(call, target)
        case (
            RemoveParticipant(target=target)
            | MuteParticipant(target=target)
            | HoldParticipant(target=target)
            | UnholdParticipant(target=target)
            | Recognize(target=target)
            | SendDtmf(target=target)
            | StartContinuousDtmf(target=target)
            | StopContinuousDtmf(target=target)
        ):
            return _absent(call, target)
        case Play(targets=targets) | Music(targets=targets):
            return next((absent for target in targets if (absent := _absent(call, target))), None)
        case TransferCall():
            return _refused_context(call, action) or _refused_transfer(call, action)
        case CancelInvitation(operation=operation) | CancelMedia(operation=operation):
            return _refused_cancellation(call, operation)
    return consult_refusal(call, action)


def _refused_in_emergency(call: Call, action: AnyAction) -> str | None:
    match action:
        case AddParticipant(target=target) | TransferCall(target=target) | Consult(target=target):
            return emergency.refusal(call, target)
        case RequestRecording() if emergency.is_emergency(call):
            return "Calls of emergency services are not recorded."
    return None


def _refused_addition(call: Call, target: str) -> str | None:
    who = described(target)
    if is_same(target, call.lifecycle.callee or ""):
        return f"The call is that of {who}: it cannot be added to itself."
    if is_among(target, call.participants.present):
        again = "a number can be in a call once" if kind_of(target) is Kind.PHONE_NUMBER else "nothing to add"
        return f"The target ({who}) is in the call already: {again}."
    if _was_dialled(call, target):
        return f"The target ({who}) has been in the call: Teams Phone dials a number into a call once."
    under_way = next((id for id, action in _under_way(call, AddParticipant) if is_same(action.target, target)), None)
    if under_way:
        return f"The target ({who}) is being invited already, by operation {under_way}: cancel it first."
    return None


def _was_dialled(call: Call, target: str) -> bool:
    """Whether a number was dialled into a Teams Phone call: it has been in it, and did not call by itself."""
    if kind_of(target) is not Kind.PHONE_NUMBER or not is_teams_phone(call):
        return False
    has_called = is_same(target, call.lifecycle.caller or "") and not call.lifecycle.is_outbound
    return not has_called and is_among(target, call.participants.joined_at)


def _absent(call: Call, target: str) -> str | None:
    if not _is_known(call) or is_among(target, call.participants.present):
        return None
    invited = any(is_same(action.target, target) for _, action in _under_way(call, AddParticipant))
    advice = "it is being invited: cancel that operation instead" if invited else "GET participants names those who are"
    return f"The target ({described(target)}) is not in the call; {advice}."


def _refused_transfer(call: Call, action: TransferCall) -> str | None:
    under_way = next((id for id, _ in _under_way(call, TransferCall)), None)
    if under_way:
        return f"Another transfer of the call is under way: operation {under_way}."
    if action.transferee is not None:
        if is_same(action.transferee, action.target):
            return "The transferee and the target are the same."
        return _absent(call, action.transferee)
    count = len(others(call))
    if not _is_known(call) or count == 1:
        return None
    if count == 0:
        return "The call has no participant to transfer."
    return f"The call has {count} participants besides the app: name the transferee, who must be one of them."


def _refused_cancellation(call: Call, operation: str) -> str | None:
    found = command_outcome(call, operation)
    return f"The operation has {found.status} already." if found is not None and found.is_final else None


def _refused_context(call: Call, action: TransferCall) -> str | None:
    to_number, context = kind_of(action.target) is Kind.PHONE_NUMBER, action.context
    if to_number and (context.voip_headers or context.topic or context.details):
        return "A phone number takes SIP headers alone, no VoIP headers and no call details."
    if not to_number and context.sip_headers:
        return "Teams identities take VoIP headers and call details; only phone numbers take SIP headers."
    if context.details and call.lifecycle.caller is None:
        return "Teams shows call details beside the caller, and the caller of this call is not known."
    return None


def _is_known(call: Call) -> bool:
    return call.participants.sequence_number >= 0


def _under_way(call: Call, kind: type[Requested]) -> Iterator[tuple[str, Requested]]:
    """The commands of a kind without a final outcome."""
    for id, requested in commands.under_way(call):
        if isinstance(requested.action, kind):
            yield id, requested.action
