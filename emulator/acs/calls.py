"""Calls and their participants: plain data and queries. Nothing here waits or sends."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from emulator.acs.identifiers import Identifier
from emulator.acs.media.playlist import Playlist
from emulator.acs.media.subscription import Subscription, media_streaming, transcription
from emulator.acs.parties import Participant, Phrase
from emulator.acs.recording.model import Recording
from emulator.acs.sounds import Sounds
from emulator.clock import stamp

Kind = Literal["tpe", "acs", "teams"]  # teams: Teams' own, which no application has a part in
State = Literal["ringing", "connecting", "connected", "missed", "rejected", "redirected", "ended"]


@dataclass
class Invitation:
    id: str
    participant: Identifier
    task: asyncio.Task[None]
    operation_context: str | None
    callback_uri: str | None


@dataclass(frozen=True)
class Script:
    """What a party does once they are connected, in seconds from then."""

    hangs_up_after: float | None = None
    presses: Sequence[tuple[float, str]] = ()
    says: Sequence[tuple[float, Phrase]] = ()


@dataclass
class Call:
    id: str
    kind: Kind
    source: Identifier
    target: Identifier
    server_call_id: str
    correlation_id: str
    state: State
    context: str | None = None  # the incoming-call context, opaque
    event_id: str | None = None
    script: Script = field(default_factory=Script)  # the caller's
    recording_chunks: int | None = None
    zero_byte_downloads: int | None = None
    connection_id: str | None = None
    connection_state: str = "unknown"
    callback_uri: str = ""
    operation_context: str | None = None
    display_name: str | None = None  # of the caller, on outbound calls
    own: Participant | None = None  # the application itself
    media_streaming: Subscription = field(default_factory=media_streaming)
    transcription: Subscription = field(default_factory=transcription)
    participants: dict[str, Participant] = field(default_factory=dict)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    recordings: list[Recording] = field(default_factory=list)
    playlist: Playlist | None = None
    continuous_dtmf: dict[str, dict[str, Any]] = field(default_factory=dict)  # by raw id: the request that started it
    hold_audio: dict[str, dict[str, Any]] = field(default_factory=dict)  # by raw id: the hold request that plays it
    sounds: Sounds = field(default_factory=Sounds)
    tones_heard: int = 0
    sequence_number: int = 0
    timers: list[asyncio.Task[None]] = field(default_factory=list)
    at_end: list[Callable[[], None]] = field(default_factory=list)  # called once, when the call ends for everyone
    rung: list[dict[str, Any]] = field(default_factory=list)  # whom the application invited, and with which context
    answered_numbers: set[str] = field(default_factory=set)  # that the application dialled, by raw id
    transfer: asyncio.Task[None] | None = None  # under way
    began: float | None = None  # when the first party joined, in seconds of the wall's monotonic clock
    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def connected(self) -> bool:
        """Whether the application's own leg is established."""
        return self.connection_state == "connected"

    @property
    def far_end(self) -> Identifier:
        """The other party of the call: the caller, or the callee of an outbound call."""
        return self.source if self.context else self.target

    def present(self) -> Iterator[Participant]:
        return (person for person in self.participants.values() if person.present)

    def find(self, raw_id: str) -> Participant | None:
        person = self.participants.get(raw_id)
        return person if person and person.present else None

    def party(self, identifier: Identifier) -> Participant:
        """A party of the call, who may not be in it."""
        raw_id = identifier["rawId"]
        if raw_id not in self.participants:
            self.participants[raw_id] = Participant(identifier, voice=len(self.participants))
        return self.participants[raw_id]

    def join(self, identifier: Identifier, now: float) -> Participant:
        person = self.party(identifier)
        person.present, person.elsewhere = True, ""
        person.update(now)
        self.began = now if self.began is None else self.began
        return person

    def leave(self, raw_id: str, now: float) -> bool:
        """Whether they were in the call."""
        person = self.find(raw_id)
        if person is None:
            return False
        person.leave(now)
        return True

    def move_elsewhere(self, people: Iterable[Identifier], now: float) -> None:
        """Out of the call, into a conversation of their own."""
        place = f"after transfer {len(self.participants)}"
        for person in [self.party(each) for each in people]:
            person.leave(now, place)

    def end_elsewhere(self, raw_id: str, now: float) -> bool:
        """The conversation that a party was transferred to is over. False if they are in none."""
        place = self.participants[raw_id].elsewhere if raw_id in self.participants else ""
        for person in self.participants.values():
            if place and person.elsewhere == place:
                person.leave(now)
        return bool(place)

    def next_sequence_number(self, rng: random.Random) -> int:
        """1 at first, then rising with gaps, as recorded."""
        self.sequence_number += rng.randint(1, 3) if self.sequence_number else 1
        return self.sequence_number

    def properties(self) -> dict[str, Any]:
        """CallConnectionProperties."""
        outbound = self.context is None
        found = {
            "callConnectionId": self.connection_id,
            "serverCallId": self.server_call_id,
            "targets": [self.target],
            "callConnectionState": self.connection_state,
            "callbackUri": self.callback_uri,
            "source": self.source,
            "sourceDisplayName": self.display_name if outbound else None,
            "correlationId": self.correlation_id,
            "answeredBy": None if outbound or self.own is None else {"id": self.own.raw_id},
            "mediaStreamingSubscription": self.media_streaming.describe(),
        }
        return {key: value for key, value in found.items() if value is not None}

    def describe(self) -> dict[str, Any]:
        """As the control API shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "from": self.source["rawId"],
            "to": self.target["rawId"],
            "serverCallId": self.server_call_id,
            "correlationId": self.correlation_id,
            "incomingCallContext": self.context,
            "eventId": self.event_id,
            "callConnectionId": self.connection_id,
            "callConnectionState": self.connection_state,
            "participants": [person.describe() for person in self.present()],
            "transferred": [person.raw_id for person in self.participants.values() if person.elsewhere],
            "invited": self.rung,
            "recordings": [recording.describe() for recording in self.recordings],
            "ringing_at": self.ringing_at and stamp(self.ringing_at),
            "answered_at": self.answered_at and stamp(self.answered_at),
            "ended_at": self.ended_at and stamp(self.ended_at),
        }


class Calls:
    """All calls since the last reset, indexed by their ids."""

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}
        self._by_context: dict[str, Call] = {}
        self._by_connection: dict[str, Call] = {}

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls.values())

    def add(self, call: Call) -> None:
        self._calls[call.id] = call
        if call.context:
            self._by_context[call.context] = call
        if call.connection_id:
            self._by_connection[call.connection_id] = call

    def get(self, id: str) -> Call | None:
        return self._calls.get(id)

    def by_context(self, context: str) -> Call | None:
        return self._by_context.get(context)

    def by_connection(self, connection_id: str) -> Call | None:
        return self._by_connection.get(connection_id)

    def by_server_call(self, server_call_id: str) -> Call | None:
        calls = [call for call in self if call.server_call_id == server_call_id and call.connection_id]
        return calls[-1] if calls else None

    def clear(self) -> None:
        self._calls.clear()
        self._by_context.clear()
        self._by_connection.clear()
