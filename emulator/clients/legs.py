"""A client's part in a call: what the SDK shows of it, computed from the call. Plain data; nothing here sends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from emulator.acs import hearing
from emulator.acs.calls import Call
from emulator.acs.identifiers import Identifier
from emulator.acs.parties import Participant
from emulator.acs.rings import Ring
from emulator.clients import reasons
from emulator.clients.reasons import EndReason

TALKING = ("Connected", "RemoteHold")


@dataclass(eq=False)
class Leg:
    """``id`` is the client's name for it. ``ring`` is that of a call that came in, until it is connected."""

    id: str
    call: Call
    raw_id: str
    incoming: bool = False
    ring: Ring | None = None
    callee: Identifier | None = None  # who rings for a call that the client makes
    in_lobby: bool = False
    holds: bool = False  # by this client
    end: EndReason | None = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    shown: dict[str, Any] | None = None  # as the client was last sent it; None after its connection was lost
    began: bool = False  # and was ever shown
    was_connected: bool = False
    was_transferred: bool = False  # into a conversation without the application

    @property
    def person(self) -> Participant | None:
        person = self.call.participants.get(self.raw_id)
        return person if person and (person.present or person.elsewhere) else None

    @property
    def connected(self) -> bool:
        return self.end is None and self.person is not None

    def others(self) -> Iterator[Participant]:
        """Those who are in the same conversation, on hold or not."""
        me = self.person
        for each in self.call.participants.values() if me else ():
            if me and each is not me and (each.present, each.elsewhere) == (me.present, me.elsewhere):
                yield each

    def look(self) -> None:
        """Notice that the call has connected, or has ended."""
        if self.connected:
            self.was_connected, self.in_lobby, self.ring = True, False, None
            self.was_transferred = bool(self.person and self.person.elsewhere)
        elif self.end is None and (self.was_connected or self._came_to_nothing()):
            self.end = self._why_ended()

    def state(self) -> str:
        me = self.person
        if self.end is not None:
            return "Disconnected"
        if self.in_lobby:
            return "InLobby"
        if not self.began or (me is None and self.incoming):
            return "Connecting"
        if me is None:
            return "Ringing"
        if self.holds:
            return "LocalHold"
        return "RemoteHold" if me.is_on_hold else "Connected"

    def view(self, moment: float) -> dict[str, Any]:
        """What the client is sent when it changes."""
        me = self.person
        return {
            "state": self.state(),
            "direction": "Incoming" if self.incoming else "Outgoing",
            "isMuted": bool(me and me.is_muted),
            "participants": [_party(each, self.call, moment) for each in self.others()] or self._ringing(),
            "recording": any(each.state == "active" for each in self.call.recordings),
            "transcribing": self.call.transcription.active,
            **({"endReason": self.end.describe()} if self.end else {}),
        }

    def _ringing(self) -> list[dict[str, Any]]:
        if self.callee is None or self.was_connected or self.end:
            return []
        return [{"rawId": self.callee["rawId"], "state": "Ringing", "isMuted": False, "isSpeaking": False}]

    def _came_to_nothing(self) -> bool:
        if self.ring:
            return self.ring.over
        return self.call.state in ("missed", "rejected", "ended")

    def _why_ended(self) -> EndReason:
        call = self.call
        if not self.was_connected:
            return {"missed": reasons.UNREACHABLE, "rejected": reasons.DECLINED}.get(call.state, reasons.CANCELED)
        if call.state != "ended" and not self.was_transferred:
            return reasons.REMOVED
        if call.connection_id and not self.was_transferred:
            return reasons.ENDED_BY_APPLICATION
        numbers = all(each.startswith("4:") for each in call.participants if each != self.raw_id)
        return reasons.ENDED_BY_NUMBER if numbers else reasons.ENDED


def _party(person: Participant, call: Call, moment: float) -> dict[str, Any]:
    spoken = any(each.speaker == person.raw_id and each.lasts(moment) for each in call.sounds.log)
    captured = person.captured is not None and bool(hearing.voice(person, moment))
    return {
        "rawId": person.raw_id,
        "state": "Hold" if person.is_on_hold else "Connected",
        "isMuted": person.is_muted,
        "isSpeaking": not person.is_muted and (spoken or captured),
    }
