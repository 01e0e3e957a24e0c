"""A call driven through events, and the events that tests make."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from shared.calls.actions import Action, AnyAction, StartRecording
from shared.calls.capabilities import Call, recording_status, reduce
from shared.calls.capabilities.lifecycle import CallAnswered, CallStateFetched, Decision, IncomingCallReceived
from shared.calls.capabilities.recording import ChunkArchived, RecordingAccepted, RecordingStatus
from shared.calls.effect import Effect, effect_id
from shared.calls.event import ActionFailed, ActionPerformed, Event, TimerFired, own
from shared.calls.operations import Outcome
from shared.calls.policy import CallPolicy
from tests.golden import START, event

CALL = "20261121-00112233445566778899aabbccddeeff"
ANNOUNCED = CallPolicy(announcement="This call is recorded.")
STRICT = CallPolicy(on_recording_failure="end", notice="Please call again later.")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def incoming(decision: Decision = Decision.ANSWER, after: float = 0.0, received: float = 0.2) -> Event:
    data = IncomingCallReceived(
        decision=decision,
        caller="4:+1",
        callee="28:orgid:a",
        server_call_id="server",
        correlation_id="correlation",
        received_at=at(received),
    )
    return Event("incoming", "IncomingCall", at(after), data)


def answered(call_connection_id: str | None = "connection") -> Event:
    data = CallAnswered(sent_at=at(0.3), answered_at=at(0.5), call_connection_id=call_connection_id)
    return own("answer/done", at(0.5), data)


def fetched(state: str, after: float) -> Event:
    return own("fetched", at(after), CallStateFetched(state))


def timer(now: float) -> Event:
    return own("timer", at(now), TimerFired())


class CallDriver:
    """A call driven through events; ``asked`` are the actions that the last event requested."""

    def __init__(self, policy: CallPolicy | None = None) -> None:
        self.call = Call(id=CALL, policy=policy or CallPolicy())
        self.effects: tuple[Effect, ...] = ()

    def receive(self, said: Event, now: float | None = None) -> Self:
        moment = said.at if now is None else at(now)
        self.call, self.effects = reduce(self.call, said, moment)
        return self

    def wake(self, now: float) -> Self:
        return self.receive(timer(now))

    def done(self, now: float, recording_id: str | None = None) -> Self:
        """ACS accepts the first effect of the last event."""
        effect = self.effects[0]
        if isinstance(effect.action, StartRecording):
            data: Any = RecordingAccepted(effect_id=effect.id, action=effect.action, recording_id=recording_id)
        else:
            data = ActionPerformed(effect.id, effect.action)
        return self.receive(own(f"{effect.id}/done", at(now), data))

    def archived(self, now: float, path: str = "2026/11/21/x/0.wav", length: int = 640044) -> Self:
        effect = self.effects[0]
        action: Any = effect.action
        data = ChunkArchived(
            effect_id=effect.id,
            action=action,
            recording_id=action.recording_id,
            index=action.index,
            path=path,
            length=length,
        )
        return self.receive(own(f"{effect.id}/done", at(now), data))

    def fails(self, now: float, code: int, sub_code: int = 0, retry_after: float = 0.0) -> Self:
        effect = self.effects[0]
        data = ActionFailed(effect.id, effect.action, code, sub_code, "", retry_after=retry_after)
        return self.receive(own(f"{effect.id}/failed/{effect.tries}", at(now), data))

    def outcome(self, step: str) -> Outcome | None:
        return self.call.operations.outcome(effect_id(CALL, step))

    @property
    def asked(self) -> list[Action]:
        return [effect.action for effect in self.effects]

    @property
    def open(self) -> list[AnyAction]:
        return [effect.action for effect in self.call.effects]

    @property
    def recording(self) -> tuple[RecordingStatus, str | None]:
        return recording_status(self.call)


def connected(policy: CallPolicy | None = None) -> CallDriver:
    return CallDriver(policy).receive(incoming()).receive(answered()).receive(event("call_connected", 1))


def step_event(name: str, after: float, step: str) -> Event:
    """A golden event whose operation context is the step's."""
    return event(name, after, operationContext=effect_id(CALL, step))
