"""Identities that calling clients have registered, and the calls that ring there."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from emulator.acs.calls import Call
from emulator.acs.custom_context import CustomContext
from emulator.acs.identifiers import Identifier
from emulator.acs.results import Result


@dataclass(eq=False)
class Ring:
    """A call that rings at every client of an identity. The first ``answer`` counts."""

    id: str
    call: Call
    callee: Identifier
    context: CustomContext
    answer: asyncio.Future[Result]
    over: bool = False  # and what the answer does in the call has been done


class Rings:
    """``listeners`` are called with a raw id whose rings changed. ``answers_for`` says whether the first identity takes
    calls to the second, as its delegate: those ring at both.
    """

    def __init__(self) -> None:
        self.open: dict[str, Ring] = {}
        self.listeners: set[Callable[[str], None]] = set()
        self.answers_for: Callable[[str, str], bool] = lambda *_: False
        self._clients: Counter[str] = Counter()
        self._known: set[str] = set()

    def register(self, raw_id: str) -> None:
        """A client of the identity can ring from now on."""
        self._clients[raw_id] += 1
        self._known.add(raw_id)

    def unregister(self, raw_id: str) -> None:
        self._clients[raw_id] -= 1

    def registered(self, raw_id: str) -> bool:
        """Whether a client of the identity, or of one who takes its calls, is registered."""
        return any(number > 0 and self._reaches(client, raw_id) for client, number in self._clients.items())

    def known(self, raw_id: str) -> bool:
        """Whether a client has ever registered the identity: without one it rings out, and is not scripted."""
        return raw_id in self._known

    def at(self, raw_id: str) -> list[Ring]:
        """Those of an identity, and of the delegators whose calls it takes."""
        return [ring for ring in self.open.values() if self._reaches(raw_id, ring.callee["rawId"])]

    def _reaches(self, raw_id: str, callee: str) -> bool:
        return callee == raw_id or self.answers_for(raw_id, callee)

    def begin(self, ring: Ring) -> None:
        self.open[ring.id] = ring
        self._changed(ring)

    def end(self, ring: Ring) -> None:
        ring.over = True
        self.open.pop(ring.id, None)
        self._changed(ring)

    def clear(self) -> None:
        """Identities are scripted again."""
        self._known.clear()

    def _changed(self, ring: Ring) -> None:
        for listener in list(self.listeners):
            listener(ring.callee["rawId"])
