"""What went over the wire, in order: every request received and every event sent."""

from __future__ import annotations

from typing import Any

from emulator.clock import Clock, stamp

KEPT = 200_000  # entries; a long `make serve` must not grow for ever
KINDS = (
    *("acs.request", "graph.request", "entra.request", "arm.request"),
    *("event", "callback", "delivery", "handshake", "dead_letter", "fault", "upload_failed", "party", "stream"),
)


class Journal:
    """An append-only list of entries ``{"seq", "at", "kind", …}``.

    Kinds: ``acs.request`` (operation, method, path, status, body, headers, repeated, answer: the body that went back,
    error: its code, ignored: names of what was given in vain, if anything was), ``graph.request`` (operation, method,
    path, query, status, error, caller: an object id), ``entra.request`` and ``arm.request`` (operation, path, status,
    error), ``callback`` (one POST to an application's callback URL: url, status, events, attempt), ``event`` (an
    event accepted by a topic: topic, event), ``delivery`` (one POST to a subscription's endpoint: subscription,
    events, status, attempt), ``handshake`` (a subscription's validation succeeded, or failed in a new way:
    subscription, endpoint, attempt, reason), ``dead_letter`` (subscription, event, reason), ``fault`` (the rule that
    was applied), ``upload_failed`` (a recording that could not be written to its container), ``party`` (a party of a
    call takes it or not, presses a key, says something or hangs up: call, who, does, what), and ``stream`` (the web
    socket of a stream begins, fails or stops: stream, call, url, does, why).
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[dict[str, Any]] = []
        self._seq = 0

    def add(self, kind: str, **fields: Any) -> dict[str, Any]:
        if kind not in KINDS:
            raise ValueError(f"the journal has no kind {kind!r}")
        self._seq += 1
        entry = {"seq": self._seq, "at": stamp(self._clock.now()), "kind": kind, **fields}
        self._entries.append(entry)
        del self._entries[:-KEPT]
        return entry

    def entries(self, kind: str | None = None, since: int = 0) -> list[dict[str, Any]]:
        """Entries after sequence number ``since``, of one kind or of all."""
        return [e for e in self._entries if e["seq"] > since and kind in (None, e["kind"])]

    def clear(self) -> None:
        self._entries.clear()
