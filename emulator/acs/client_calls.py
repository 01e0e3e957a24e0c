"""Calls between clients: an ACS user calls a Teams user, a voice application of Teams or another ACS user.

The resource raises events of the call, and of participants for ACS users alone. Shapes: azure-docs,
``event-grid/communication-services-voice-video-events.md``.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from emulator.acs.events import system_event
from emulator.acs.identifiers import Identifier

RAISES_EVENTS = "communicationUser"  # not Teams users, voice applications, phone numbers


@dataclass
class ClientCall:
    source: Identifier
    target: Identifier
    started_at: datetime
    rng: Random
    ended: bool = False
    id: str = field(init=False)
    server_call_id: str = field(init=False)
    correlation_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.id, self.correlation_id = self._uuid(), self._uuid()
        url = f"https://conv.emulator/conv/{self.id}?i=0&e=0"
        self.server_call_id = base64.b64encode(url.encode()).decode()

    def started(self) -> list[dict[str, Any]]:
        """The events of the start: of the call, and of each participant for whom there are events."""
        subject = f"call/{self.server_call_id}/startedBy/{self.source['rawId']}"
        added = [self._of_participant("CallParticipantAdded", each, self.started_at) for each in self._reported()]
        return [self._event("CallStarted", subject, {}, self.started_at), *added]

    def over(self, at: datetime) -> list[dict[str, Any]]:
        """The events of the end."""
        self.ended = True
        removed = [self._of_participant("CallParticipantRemoved", each, at) for each in self._reported()]
        duration = {"durationOfCall": (at - self.started_at).total_seconds()}
        return [*removed, self._event("CallEnded", f"call/{self.server_call_id}", duration, at)]

    def describe(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "serverCallId": self.server_call_id,
            "from": self.source["rawId"],
            "to": self.target["rawId"],
            "state": "ended" if self.ended else "started",
        }

    def _reported(self) -> list[Identifier]:
        return [each for each in (self.source, self.target) if each["kind"] == RAISES_EVENTS]

    def _of_participant(self, type: str, who: Identifier, at: datetime) -> dict[str, Any]:
        subject = f"call/{self.server_call_id}/participant/{who['rawId']}"
        return self._event(type, subject, {"user": who, "participantId": self._uuid(), "displayName": ""}, at)

    def _event(self, type: str, subject: str, data: dict[str, Any], at: datetime) -> dict[str, Any]:
        common = {
            "startedBy": self.source,
            "serverCallId": self.server_call_id,
            "isTwoParty": True,
            "correlationId": self.correlation_id,
            "isRoomsCall": False,
        }
        return system_event(type, subject, common | data, id=self._uuid(), at=at)

    def _uuid(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))
