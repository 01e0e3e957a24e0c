"""What the invitations of a visit need: the request, the confirmation of a number, and what remains to be done once an
invitation is over. That is done to the end, whatever becomes of the visit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from shared.calls.actions import (
    AddParticipant,
    CancelInvitation,
    Consult,
    EngageAgent,
    Recognize,
    ReleaseAgent,
    RemoveParticipant,
)
from shared.calls.effect import Wanted
from shared.calls.identities import is_same
from shared.calls.operations import OutcomeStatus
from shared.calls.plans.base import CALLER_LEFT, VisitContext
from shared.calls.plans.invitations import (
    GRACE,
    End,
    Invitation,
    Terms,
    invitations,
    is_agent,
    is_invited_later,
    is_present,
)
from shared.calls.queues import interruption

REMOVALS = ("remove", "remove 2", "remove 3")  # one follows another that failed
OPERATIONS = ("add", "confirm", "cancel", *REMOVALS, "engage", "release")
PAUSE = 2.0  # seconds before another removal
SILENCE = 8  # seconds to press the key of the confirmation

After = Literal["accepted", "declined", "noAnswer", "withdrawn"]
AFTER: Mapping[End | None, After] = MappingProxyType(
    {End.ACCEPTED: "accepted", End.DECLINED: "declined", End.NO_ANSWER: "noAnswer"}
)


def operations(targets: Iterable[str]) -> Iterator[str]:
    return (f"{operation} {target}" for target in targets for operation in OPERATIONS)


def invite(at: VisitContext, invitation: Invitation, terms: Terms, prompt: str) -> Iterator[Wanted]:
    """The request of an open invitation. A number that answers hears ``prompt``, and presses the key."""
    target, added = invitation.target, at.outcome(f"add {invitation.target}")
    if added is None:
        yield at.wanted(f"add {target}", AddParticipant(target, int(terms.ringing.total_seconds())))
    has_answered = added is not None or invitation.present_since is not None
    if terms.confirm(target) and has_answered and at.outcome(f"confirm {target}") is None:
        yield at.wanted(f"confirm {target}", Recognize(target, "keys", prompt, initial_silence_seconds=SILENCE))


def finish(at: VisitContext, invitation: Invitation, terms: Terms) -> Iterator[Wanted]:
    """What remains to be done for an invitation that is over, or whose visit is."""
    if is_invited_later(at, invitation.target):
        return
    if invitation.is_accepted:
        yield from _engage(at, invitation)
    else:
        yield from _withdraw(at, invitation)
    is_rung_out = not invitation.is_accepted and at.time >= rings_until(invitation, terms)
    if is_rung_out or is_settled(at, invitation):
        yield from release(at, invitation.target, AFTER.get(invitation.end, "withdrawn"))


def _engage(at: VisitContext, invitation: Invitation) -> Iterator[Wanted]:
    operation = f"engage {invitation.target}"
    if is_agent(invitation.target) and is_present(at, invitation.target) and at.outcome(operation) is None:
        yield at.wanted(operation, EngageAgent(invitation.target))


def _withdraw(at: VisitContext, invitation: Invitation) -> Iterator[Wanted]:
    target = invitation.target
    add = at.context(f"add {target}")
    if at.is_open(f"confirm {target}"):
        yield interruption(at.context(f"confirm {target}"))
    if at.outcome(f"add {target}") is None and _has_id(at, add) and at.outcome(f"cancel {target}") is None:
        yield at.wanted(f"cancel {target}", CancelInvitation(add))
    is_ending = at.visit.reason == CALLER_LEFT  # the call is hung up
    if _came_in(at, invitation) and not _is_of_command(at, target) and not is_ending:
        yield from _remove(at, target)


def _remove(at: VisitContext, target: str) -> Iterator[Wanted]:
    outcomes = [(each, at.outcome(f"{each} {target}")) for each in REMOVALS]
    is_removed = any(outcome and outcome.status is OutcomeStatus.SUCCEEDED for _, outcome in outcomes)
    following = next((each for each, outcome in outcomes if outcome is None), None)
    if following and not is_removed:
        pause = PAUSE if following != REMOVALS[0] else 0.0
        yield at.wanted(f"{following} {target}", RemoveParticipant(target), pause)


def _came_in(at: VisitContext, invitation: Invitation) -> bool:
    """Whether the callee is in the call, or is reported as added without having been seen there."""
    added = at.outcome(f"add {invitation.target}")
    is_added = added is not None and added.status is OutcomeStatus.SUCCEEDED
    return is_present(at, invitation.target) or (is_added and invitation.present_since is None)


def _has_id(at: VisitContext, context: str) -> bool:
    """Whether an invitation can be cancelled: its id was in the response to the request."""
    return context in at.call.participants.invitations  # type: ignore[attr-defined]  # of its capability


def _is_of_command(at: VisitContext, target: str) -> bool:
    """Whether a command has invited the same participant, who stays then."""
    actions = (requested.action for requested in at.call.operations.requested.values())
    return any(isinstance(each, AddParticipant | Consult) and is_same(each.target, target) for each in actions)


# -- Agents ------------------------------------------------------------------------------------------------------


def release(at: VisitContext, target: str, after: After) -> Iterator[Wanted]:
    operation = f"release {target}"
    if is_agent(target) and not is_invited_later(at, target) and at.outcome(operation) is None:
        yield at.wanted(operation, ReleaseAgent(target, after))


def is_settled(at: VisitContext, invitation: Invitation) -> bool:
    """Whether it is known what became of an invitation. A withdrawn one rings until it is cancelled or answered."""
    is_there = is_present(at, invitation.target)
    if invitation.end not in {None, End.WITHDRAWN}:
        return not (invitation.is_accepted and is_there)
    ends = (at.outcome(f"{operation} {invitation.target}") for operation in ("add", "cancel"))
    return any(ends) and not is_there


def rings_until(invitation: Invitation, terms: Terms) -> datetime:
    """When a withdrawn invitation is over, if nothing reports it."""
    return invitation.invited_at + terms.ringing + GRACE


def release_at(at: VisitContext, invitation: Invitation, terms: Terms) -> datetime | None:
    """The time at which an agent is released whose invitation is withdrawn, if nothing else happens."""
    target = invitation.target
    is_awaited = invitation.end is End.WITHDRAWN or at.visit.left_at is not None
    if not is_awaited or not is_agent(target) or is_invited_later(at, target) or is_settled(at, invitation):
        return None
    is_begun = at.is_open(f"release {target}") or at.outcome(f"release {target}") is not None
    return None if invitation.is_accepted or is_begun else rings_until(invitation, terms)


def release_all(at: VisitContext, claimed: Iterable[str]) -> Iterator[Wanted]:
    """The call has ended: no agent is claimed any more."""
    ends = {each.target: each.end for each in invitations(at.visit)}
    for target in claimed:
        yield from release(at, target, AFTER.get(ends.get(target), "withdrawn"))
