"""The journal as a person reads it: a line for each exchange, with the seconds since the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emulator import journal_words as words


@dataclass(frozen=True)
class Style:
    """Escape sequences of a terminal."""

    bold: str
    dim: str
    plain: str


PLAIN = Style("", "", "")
TERMINAL = Style("\033[1m", "\033[2m", "\033[0m")


def lines(entries: list[dict[str, Any]], style: Style, start: datetime | None = None) -> Iterator[str]:
    """The entries that matter to a reader. ``start`` is when the seconds begin: the first entry's time by default."""
    for entry in entries:
        at = datetime.fromisoformat(entry["at"])
        start = start or at
        if text := _line(entry, style):
            yield f"{style.dim}{(at - start).total_seconds():8.3f} s{style.plain}  {text}"


def _line(entry: dict[str, Any], style: Style) -> str:
    describe = _PRINTERS.get(entry["kind"])
    return describe(entry, style) if describe else ""


def _event(entry: dict[str, Any], style: Style) -> str:
    """Events of the ACS resource; those of other topics show as deliveries."""
    return _arrow(style, "ACS", "Event Grid", _short(entry["event"]["type"])) if entry["topic"] == "acs" else ""


def _callbacks(entry: dict[str, Any], style: Style) -> str:
    status = "no answer" if entry["status"] is None else entry["status"]
    names = ", ".join(_callback(event) for event in entry["events"])
    return _arrow(style, "ACS", "callbacks", names, "" if status == 200 else str(status))  # noqa: PLR2004


def _delivery(entry: dict[str, Any], style: Style) -> str:
    names = ", ".join(_short(event["type"]) for event in entry["events"])
    status = entry["status"] or "no answer"
    note = f"answered {status}" if status != 202 else ""  # noqa: PLR2004
    return _arrow(style, "Event Grid", entry.get("function") or entry["subscription"], names, note)


def _request(entry: dict[str, Any], style: Style) -> str:
    if entry["operation"] == "GetKeys":
        return ""
    note = _outcome(entry) + (" (repeated)" if entry.get("repeated") else "")
    ignored = f", ignored: {', '.join(entry['ignored'])}" if entry.get("ignored") else ""
    about = words.request(entry["operation"], entry.get("body"))
    what = f"{style.bold}{entry['operation']}{style.plain}{f' {about}' if about else ''}"
    return _arrow(style, "app", SERVICES[entry["kind"]], what, note + ignored)


def _party(entry: dict[str, Any], style: Style) -> str:
    what = {"presses": lambda: words.keys([entry["what"]]), "says": lambda: words.quoted(entry["what"])}
    about = what[entry["does"]]() if entry["does"] in what else ""
    return _arrow(style, "party", "call", f"{words.party(entry['who'])} {entry['does']} {about}".rstrip())


def _stream(entry: dict[str, Any], style: Style) -> str:
    return _arrow(style, "ACS", "web socket", f"{entry['stream']} {entry['does']}", entry["why"])


def _fault(entry: dict[str, Any], style: Style) -> str:
    rule = entry.get("fault") or entry.get("rule") or {}
    return _arrow(style, "fault", str(rule.get("where")), str(rule.get("do")))


def _handshake(entry: dict[str, Any], style: Style) -> str:
    return _arrow(style, "Event Grid", entry["subscription"], "handshake", entry["reason"] or "succeeded")


def _dead_letter(entry: dict[str, Any], style: Style) -> str:
    return _arrow(style, "Event Grid", "dead letters", entry["reason"])


SERVICES = {
    "acs.request": "ACS",
    "graph.request": "Graph",
    "entra.request": "Entra ID",
    "arm.request": "Resource Manager",
}
_PRINTERS: dict[str, Callable[[dict[str, Any], Style], str]] = {
    "event": _event,
    "callback": _callbacks,
    "delivery": _delivery,
    "fault": _fault,
    "handshake": _handshake,
    "dead_letter": _dead_letter,
    "party": _party,
    "stream": _stream,
    **dict.fromkeys(SERVICES, _request),
}


def _outcome(entry: dict[str, Any]) -> str:
    status = "no answer" if entry["status"] is None else str(entry["status"])
    return f"{status} {entry['error']}" if entry.get("error") else status


def _arrow(style: Style, source: str, target: str, what: str, note: str = "") -> str:
    return f"{source:>10} → {target:<24} {what}  {style.dim}{note}{style.plain}".rstrip()


def _short(type: str) -> str:
    return type.removeprefix("Microsoft.Communication.")


def _callback(event: dict[str, Any]) -> str:
    name = _short(event["type"])
    more = words.callback(name, event.get("data", {}))
    return f"{name}{f' ({more})' if more else ''}"
