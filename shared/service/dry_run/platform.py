"""An invented platform: what ACS, the agents and other applications would report, from the answers of a situation."""

from __future__ import annotations

import re
from datetime import datetime
from functools import singledispatchmethod
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from shared.calls import identities
from shared.calls.actions import (
    Action,
    AddParticipant,
    CancelInvitation,
    CancelMedia,
    FetchCallState,
    HangUp,
    OfferCall,
    Play,
    Recognize,
    RemoveParticipant,
    RequestDecision,
    StartRecording,
    TransferCall,
)
from shared.calls.actions.routing import GROUP
from shared.calls.capabilities.lifecycle import CallAnswered, CallStateFetched, Decision, IncomingCallReceived
from shared.calls.capabilities.participants import ParticipantInvited
from shared.calls.capabilities.recording import RecordingAccepted
from shared.calls.capabilities.routing import CallOffered, OfferAnswered, PlanChosen, StepDecided
from shared.calls.effect import Effect
from shared.calls.event import ActionPerformed, Event, Fact
from shared.calls.plans.document import Plan
from shared.calls.tones import tones_of
from shared.service.dry_run.agenda import OK, Agenda, Result
from shared.service.dry_run.situation import Answers, Situation

CALL = "dry-run"
ACCOUNT = "00000000-0000-4000-8000-000000000001"
RESOURCE, TENANT = "00000000-0000-4000-8000-000000000002", "00000000-0000-4000-8000-000000000003"
CHARACTERS_PER_SECOND, FILE_SECONDS = 15.0, 5.0  # of speech; of a file, whose length is not known
ENTERS, RINGS, DECIDES, TALKS = 1.0, 3.0, 1.0, 60.0  # seconds
DEFAULT_RING, LONGEST_CALL = 60, 86_400
AGENTS_OF_A_GROUP = 3

NO_ANSWER, DECLINED, CANCELED, SILENCE = (480, 560480), (603, 560603), (487, 5234), (400, 8510)
WRONG_KEY, NO_CHOICE, KEY_CHOSEN, PHRASE_CHOSEN = (400, 8534), (400, 8547), (200, 8533), (200, 8545)
HUNG_UP: Result = (200, 7000)


class InventedPlatform:
    def __init__(self, situation: Situation, answers: Answers, now: datetime) -> None:
        self.agenda = Agenda(now, CALL)
        self._situation, self._answers = situation, answers
        self._caller = identities.phone_number(situation.caller)
        self._present: tuple[str, ...] = ()
        self._met: dict[str, str] = {}  # how each target that was invited has answered
        self._visit = ""

    def begin(self, plan: Plan) -> None:
        """The call comes in, is answered and connects."""
        now, situation = self.agenda.now, self._situation
        incoming = IncomingCallReceived(
            decision=Decision.ANSWER,
            callee=identities.account(ACCOUNT),
            received_at=now,
            caller=self._caller,
            tenant=TENANT,
        )
        context = {name.lower(): value for name, value in situation.context.items()}
        chosen = PlanChosen(plan, 1, RESOURCE, situation.customer == "known", context)
        for fact in (incoming, chosen, CallAnswered(sent_at=now, answered_at=now, call_connection_id=CALL)):
            self.agenda.note(0, "", fact)
        self._joins(0, "", self._caller)
        self.agenda.report(0, "CallConnected", "")

    def perform(self, effect: Effect, visit: str) -> None:
        """The response to a request of a visit, and what it leads to."""
        self._visit = visit
        self.agenda.note(0, effect.id, self._response(effect))
        self._follow(effect.action, effect.id)

    def _joins(self, seconds: float, context: str, raw_id: str) -> None:
        self.agenda.add(seconds, context, lambda: self._with_participants((*self._present, raw_id)))

    def _leaves(self, seconds: float, context: str, raw_id: str) -> None:
        rest = lambda: self._with_participants(tuple(each for each in self._present if each != raw_id))  # noqa: E731
        self.agenda.add(seconds, context, rest)

    def _with_participants(self, present: tuple[str, ...]) -> Event:
        self._present = present
        people = [{"identifier": {"rawId": each}} for each in present]
        return self.agenda.event("ParticipantsUpdated", "", OK, {"participants": people})

    # -- Responses -------------------------------------------------------------------------------------------------

    def _response(self, effect: Effect) -> Fact:
        match effect.action:
            case FetchCallState():
                return CallStateFetched("connected")
            case StartRecording() as action:
                return RecordingAccepted(effect_id=effect.id, action=action, recording_id="recording")
            case AddParticipant() as action:
                return ParticipantInvited(effect_id=effect.id, action=action, invitation_id=effect.id)
            case OfferCall() as action:
                targets = self._claimed(action)
                position = 1 if action.waits and not targets else None
                return CallOffered(effect_id=effect.id, action=action, targets=targets, position=position)
        return ActionPerformed(effect.id, effect.action)

    def _claimed(self, offer: OfferCall) -> tuple[str, ...]:
        if self._answers.next(self._visit) == "unavailable":
            self._answers.take(self._visit)
            return ()
        every = (each for target in offer.targets for each in raw_ids(target))
        free = [each for each in every if not identities.is_among(each, offer.excluded)]
        return tuple(free if offer.claims_all else free[:1])

    # -- What follows ----------------------------------------------------------------------------------------------

    @singledispatchmethod
    def _follow(self, action: Action, context: str) -> None:
        """What the platform reports of an operation; nothing of most."""

    @_follow.register
    def _(self, action: Play, context: str) -> None:
        self.agenda.report(0, "PlayStarted", context)
        self.agenda.report(LONGEST_CALL if action.loop else length(action.source), "PlayCompleted", context)

    @_follow.register
    def _(self, action: Recognize, context: str) -> None:
        if action.target == self._caller:
            word = self._answers.entered(self._visit)
        else:  # a number that is asked to confirm
            word = "" if self._met.get(action.target) == "voicemail" else "1"
        name, result, data = recognized(action, word)
        seconds = action.initial_silence_seconds if result == SILENCE else ENTERS
        self.agenda.report(length(action.source) + seconds, name, context, result, data)

    @_follow.register
    def _(self, action: CancelMedia, context: str) -> None:  # noqa: ARG002  # the other operation reports it
        if self.agenda.cancel(action.operation):
            self.agenda.report(0, "PlayCanceled", action.operation)

    @_follow.register
    def _(self, action: AddParticipant, context: str) -> None:
        target, who = action.target, {"participant": {"rawId": action.target}}
        answer = self._met[target] = self._answers.take(self._visit) or "accepted"
        if answer in {"noAnswer", "unavailable"}:
            self.agenda.report(action.ring_seconds or DEFAULT_RING, "AddParticipantFailed", context, NO_ANSWER, who)
        elif answer == "declined":
            self.agenda.report(RINGS, "AddParticipantFailed", context, DECLINED, who)
        else:
            self.agenda.report(RINGS, "AddParticipantSucceeded", context, OK, who)
            self._joins(RINGS, context, target)
            if identities.kind_of(target) is identities.Kind.AGENT:
                self.agenda.note(RINGS, context, OfferAnswered(self._visit, target, True))
            self._leaves(RINGS + TALKS, f"{context}/talk", target)

    @_follow.register
    def _(self, action: CancelInvitation, context: str) -> None:
        name = "CancelAddParticipantSucceeded" if self.agenda.cancel(action.operation) else "CancelAddParticipantFailed"
        self.agenda.report(0, name, context, CANCELED, {"invitationId": action.operation})

    @_follow.register
    def _(self, action: RemoveParticipant, context: str) -> None:
        who = {"participant": {"rawId": action.target}}
        self.agenda.report(0, "RemoveParticipantSucceeded", context, OK, who)
        self._leaves(0, context, action.target)

    @_follow.register
    def _(self, action: RequestDecision, context: str) -> None:
        if choice := self._answers.take(self._visit):
            self.agenda.note(DECIDES, context, StepDecided(action.visit, choice, "dry run"))

    @_follow.register
    def _(self, action: StartRecording, context: str) -> None:  # noqa: ARG002
        self.agenda.report(0, "RecordingStateChanged", context, OK, {"recordingId": "recording", "state": "active"})

    @_follow.register
    def _(self, action: TransferCall, context: str) -> None:  # noqa: ARG002
        if self._answers.take(self._visit) == "failed":
            self.agenda.report(RINGS, "CallTransferFailed", context, DECLINED)
        else:
            self.agenda.report(RINGS, "CallTransferAccepted", context)
            self.agenda.report(RINGS, "CallDisconnected", "", HUNG_UP)

    @_follow.register
    def _(self, action: HangUp, context: str) -> None:  # noqa: ARG002
        self.agenda.report(0, "CallDisconnected", "", HUNG_UP)


def raw_ids(target: str) -> tuple[str, ...]:
    """The target, or the invented agents of a group."""
    if not target.startswith(GROUP):
        return (target,)
    users = (uuid5(NAMESPACE_URL, f"{target}/{n}") for n in range(AGENTS_OF_A_GROUP))
    return tuple(identities.agent(RESOURCE, TENANT, str(user)) for user in users)


def length(source: str) -> float:
    """The estimated seconds of a prompt."""
    if source.startswith("http"):
        return FILE_SECONDS
    return round(len(re.sub("<[^>]*>", "", source)) / CHARACTERS_PER_SECOND, 1)


def recognized(action: Recognize, word: str) -> tuple[str, Result, dict[str, Any]]:
    """The event that reports what a participant enters or says: its name, its result code and its data."""
    keys = word if re.fullmatch("[0-9*#A-D]+", word) else ""
    if not word or (action.kind == "keys" and not keys):
        return "RecognizeFailed", SILENCE, {}
    if action.kind == "keys":
        return "RecognizeCompleted", OK, {"recognitionType": "dtmf", "dtmfResult": {"tones": _tones(action, keys)}}
    for choice in action.choices:
        if keys and choice.key == keys:
            return "RecognizeCompleted", KEY_CHOSEN, _choice(choice.label)
        if word.lower() in {phrase.lower() for phrase in choice.phrases}:
            return "RecognizeCompleted", PHRASE_CHOSEN, _choice(choice.label, recognizedPhrase=word)
    return "RecognizeFailed", WRONG_KEY if keys else NO_CHOICE, {}


def _tones(action: Recognize, keys: str) -> list[str]:
    """The tones of the keys, with the stop key if there are fewer than can be entered."""
    entered, stop = keys[: action.max_keys], action.stop_keys[:1]
    is_ended = len(entered) == action.max_keys or (stop and stop in entered)
    return tones_of(entered if is_ended else entered + stop)


def _choice(label: str, **more: str) -> dict[str, Any]:
    return {"recognitionType": "choices", "choiceResult": {"label": label, **more}}
