"""When a consult can begin or end."""

from __future__ import annotations

from shared.calls import commands
from shared.calls.actions import AddParticipant, AnyAction, Consult, EndConsult
from shared.calls.capabilities import Call, command_outcome
from shared.calls.consults import consultations
from shared.calls.identities import is_among, is_same
from shared.calls.operations import OutcomeStatus


def consult_refusal(call: Call, action: AnyAction) -> str | None:
    match action:
        case Consult():
            return _of_new(call, action)
        case EndConsult(consult=context, how=how):
            return _of_end(call, context, how)
    return None


def _of_new(call: Call, action: Consult) -> str | None:
    if any(_is_under_way(call, context) for context in consultations(call)):
        return "A consult is under way: join, swap or drop it first."
    if not is_among(action.held, call.participants.present):
        return "The participant to hold is not in the call."
    if is_among(action.target, call.participants.present):
        return "The agent to consult is in the call already."
    if any(_invites(each.action, action.target) for _, each in commands.under_way(call)):
        return "The agent to consult is being invited already: cancel that operation first."
    return None


def _invites(action: AnyAction, target: str) -> bool:
    return isinstance(action, AddParticipant) and is_same(action.target, target)


def _of_end(call: Call, context: str, how: str) -> str | None:
    if not _is_under_way(call, context):
        return "There is no such consult under way in the call."
    outcome = command_outcome(call, context)
    if how == "swap" and (outcome is None or not outcome.is_final):
        return "The agent has not accepted yet: there is no one to swap with."
    return None


def _is_under_way(call: Call, context: str) -> bool:
    consult = consultations(call).get(context)
    if consult is None or consult.ended_by:
        return False
    outcome = command_outcome(call, context)
    return outcome is None or not outcome.is_final or outcome.status is OutcomeStatus.SUCCEEDED
