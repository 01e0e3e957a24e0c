"""Invitations of a visit to ``ring``: who was invited, and what became of each.

No single event shows that a callee talks: AddParticipantSucceeded has been seen for callees who declined, and
ParticipantsUpdated can list them too, or arrive first. So an invitation is accepted once the callee is in the call, and
the agent's client has said so or the callee stays for a moment; a phone number presses 1 instead. What became of an
invitation is a choice of the visit, and never revised: a callee who comes in later is removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from msgspec import Struct

from shared.calls.identities import is_among, is_same
from shared.calls.operations import Outcome, OutcomeStatus
from shared.calls.plans.base import Visit, VisitContext

STAY = timedelta(seconds=2)  # in the call, after which an invitation is accepted
STAY_UNREPORTED = timedelta(seconds=10)  # the same, if AddParticipantSucceeded is missing
CONFIRMATION = timedelta(seconds=60)  # for the prompt and the key of a number
GRACE = timedelta(seconds=15)  # after the ringing, for the event that reports its end

INVITED, PRESENT, END = "invited ", "present ", "end "  # the prefixes of choices; a raw id follows
KEY = "1"  # accepts the call

DECLINED_CODES = {603, 486}
DECLINED_SUB_CODES = {5003, 8538, 8539, 8540, 10024}
UNANSWERED_CODES = {408, 480}
UNANSWERED_SUB_CODES = {8541, 8544, 10004}


class End(StrEnum):
    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_ANSWER = "noAnswer"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"  # another one accepted, or the step was left


class Invitation(Struct, frozen=True):
    """``target`` is a raw id. The times are of this app's clock: when the invitation was decided, and when its callee
    was first found in the call. ``end`` is None as long as it is open.
    """

    target: str
    invited_at: datetime
    present_since: datetime | None = None
    end: End | None = None

    @property
    def is_open(self) -> bool:
        return self.end is None

    @property
    def is_accepted(self) -> bool:
        return self.end is End.ACCEPTED


class Terms(Struct, frozen=True):
    """``ringing``: how long a callee rings. ``confirms``: phone numbers press 1 to accept."""

    ringing: timedelta
    confirms: bool

    def confirm(self, target: str) -> bool:
        return self.confirms and is_number(target)


def is_number(target: str) -> bool:
    return target.startswith("4:")


def is_agent(target: str) -> bool:
    return target.startswith("8:acs:")


def invitations(visit: Visit) -> list[Invitation]:
    """All of the visit, in the order in which they were made."""
    targets = [name.removeprefix(INVITED) for name in visit.choices if name.startswith(INVITED)]
    return sorted(
        (_invitation(visit.choices, each) for each in targets), key=lambda each: (each.invited_at, each.target)
    )


def _invitation(choices: Mapping[str, str], target: str) -> Invitation:
    present, end = choices.get(f"{PRESENT}{target}"), choices.get(f"{END}{target}")
    return Invitation(
        target,
        datetime.fromisoformat(choices[f"{INVITED}{target}"]),
        datetime.fromisoformat(present) if present else None,
        End(end.partition(" ")[0]) if end else None,
    )


def end_choice(at: VisitContext, target: str, end: End) -> tuple[str, str]:
    """The choice that keeps what became of an invitation, and when that was decided."""
    return f"{END}{target}", f"{end} {at.time.isoformat()}"


def ends_of(choices: Mapping[str, str]) -> Iterator[tuple[str, End, datetime]]:
    """What became of each target, by the choices of a visit."""
    for name, value in choices.items():
        if name.startswith(END):
            end, _, moment = value.partition(" ")
            yield name.removeprefix(END), End(end), datetime.fromisoformat(moment)


def is_present(at: VisitContext, target: str) -> bool:
    return is_among(target, _participants(at).present)


def is_invited_later(at: VisitContext, target: str) -> bool:
    """Whether a later visit has invited the same callee: that one decides on the callee from then on."""
    visits: tuple[Visit, ...] = at.routing.visits
    later = visits[[each.name for each in visits].index(at.visit.name) + 1 :]
    return any(f"{INVITED}{target}" in each.choices for each in later)


def _participants(at: VisitContext) -> Any:
    return at.call.participants  # type: ignore[attr-defined]  # of its capability


# -- Choices -----------------------------------------------------------------------------------------------------


def begun(at: VisitContext, targets: list[str]) -> Iterator[tuple[str, str]]:
    """The invitations of those who are offered the call. A callee is invited once in a visit, and not while they are in
    the call: ACS supports no number that is in a call twice.
    """
    known = [name.partition(" ")[2] for name in at.visit.choices]
    for target in targets:
        if is_among(target, known):
            continue
        known.append(target)
        if is_present(at, target) or (at.caller and is_same(target, at.caller)):
            yield end_choice(at, target, End.FAILED)
        else:
            yield f"{INVITED}{target}", at.time.isoformat()


def arrived(at: VisitContext, invitation: Invitation) -> Iterator[tuple[str, str]]:
    if invitation.present_since is None and is_present(at, invitation.target):
        yield f"{PRESENT}{invitation.target}", at.time.isoformat()


def end_of(at: VisitContext, invitation: Invitation, terms: Terms) -> End | None:
    """What became of an open invitation; None as long as it cannot be decided."""
    answer, outcome = _answer(at, invitation.target), at.outcome(f"add {invitation.target}")
    if answer is False:
        return End.DECLINED
    if outcome is not None and outcome.status is not OutcomeStatus.SUCCEEDED:
        return _failure(outcome)
    if terms.confirm(invitation.target) and (confirmed := _confirmation(at, invitation)):
        return confirmed
    if invitation.present_since is not None and not is_present(at, invitation.target):
        return End.DECLINED  # in the call for less than a moment
    moment, end = otherwise(at, invitation, terms)
    return end if at.time >= moment else None


def otherwise(at: VisitContext, invitation: Invitation, terms: Terms) -> tuple[datetime, End]:
    """What becomes of an open invitation if nothing else happens, and when."""
    since = invitation.present_since
    if since is None:
        return invitation.invited_at + terms.ringing + GRACE, End.NO_ANSWER
    if terms.confirm(invitation.target):
        return since + CONFIRMATION, End.NO_ANSWER
    if _answer(at, invitation.target):
        return since, End.ACCEPTED
    is_reported = at.outcome(f"add {invitation.target}") is not None
    return since + (STAY if is_reported else STAY_UNREPORTED), End.ACCEPTED


def _confirmation(at: VisitContext, invitation: Invitation) -> End | None:
    """What the key of a number decides. Without one it is a voicemail, or someone who has not listened."""
    operation = f"confirm {invitation.target}"
    if at.outcome(operation) is None:
        return None
    found = at.recognized(operation)
    if found is None or found.keys is None:
        return End.NO_ANSWER
    if found.keys != KEY:
        return End.DECLINED
    return End.ACCEPTED if invitation.present_since is not None else None


def _answer(at: VisitContext, target: str) -> bool | None:
    """What the agent's client has said; None if it has not."""
    answers = at.routing.answers.items()
    return next((each.accepted for name, each in answers if is_same(name, f"{at.visit.name} {target}")), None)


def _failure(outcome: Outcome) -> End:
    if outcome.code in DECLINED_CODES or outcome.sub_code in DECLINED_SUB_CODES:
        return End.DECLINED
    if outcome.code in UNANSWERED_CODES or outcome.sub_code in UNANSWERED_SUB_CODES:
        return End.NO_ANSWER
    return End.FAILED
