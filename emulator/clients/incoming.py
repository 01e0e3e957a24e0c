"""The calls that ring at a client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.acs.results import ACCEPTED, DECLINED, REJECTED_BY_USER
from emulator.acs.rings import Ring
from emulator.acs.service import Service
from emulator.clients import reasons
from emulator.clients.identity import ClientError, name_of
from emulator.directory import Directory

CALLER_KNOWN = 0.2  # seconds of the clock from a ring to the caller's name

Send = Callable[[dict[str, Any]], None]


class Incoming:
    """``send`` takes the messages for the client."""

    def __init__(self, service: Service, directory: Directory, raw_id: str, send: Send) -> None:
        self._service, self._directory, self._raw_id, self._send = service, directory, raw_id, send
        self._rings: dict[str, Ring] = {}

    def clear(self) -> None:
        self._rings.clear()

    def look(self) -> None:
        """Report the rings that began and those that ended."""
        now = {ring.id: ring for ring in self._service.rings.at(self._raw_id)}
        for id in self._rings.keys() - now.keys():
            self._end(self._rings.pop(id))
        for id in now.keys() - self._rings.keys():
            self._rings[id] = now[id]
            self._begin(now[id])

    def accept(self, ring_id: str) -> Ring:
        """Raises ClientError for a call that rings no longer."""
        ring = self._take(ring_id, 41006)
        ring.answer.set_result(ACCEPTED)
        return ring

    def decline(self, ring_id: str) -> None:
        """Raises ClientError for a call that rings no longer."""
        ring = self._take(ring_id, 41007)
        guest = ring.callee["kind"] == "communicationUser"
        ring.answer.set_result(REJECTED_BY_USER if guest else DECLINED)

    def _begin(self, ring: Ring) -> None:
        caller = ring.call.source
        headers = ring.context.get("voipHeaders") or {}
        self._send({"type": "ring", "ring": ring.id, "caller": caller["rawId"], "headers": headers})
        if name := ring.call.display_name or name_of(self._directory, caller):
            message = {"type": "caller", "ring": ring.id, "caller": caller["rawId"], "name": name}
            self._service.background.after(CALLER_KNOWN, lambda: self._send(message))

    def _end(self, ring: Ring) -> None:
        answered = ring.answer.done() and not ring.answer.cancelled()
        reason = reasons.CANCELED if not answered else reasons.ELSEWHERE
        if answered and ring.answer.result() is not ACCEPTED:
            reason = reasons.DECLINED
        self._send({"type": "ringEnded", "ring": ring.id, "endReason": reason.describe()})

    def _take(self, ring_id: str, sub_code: int) -> Ring:
        ring = self._rings.get(ring_id)
        if ring is None or ring.answer.done():
            raise ClientError(400, sub_code, "The incoming call is not in the Ringing state.")
        return self._rings.pop(ring_id)
