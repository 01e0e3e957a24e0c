"""The journal and the row as a person reads them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from shared.calls.call import Call, latencies
from shared.calls.machine import recording_status


def _styles() -> tuple[str, str, str, str, str]:
    """Bold, dim, green, red, plain: for a terminal, and nothing at all for a file."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return "", "", "", "", ""
    return "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m"


BOLD, DIM, GREEN, RED, PLAIN = _styles()


def lines(entries: list[dict[str, Any]], start: datetime) -> Iterator[str]:
    """What of the journal is worth reading, a line each."""
    for entry in entries:
        text = _line(entry)
        if text:
            seconds = (datetime.fromisoformat(entry["at"]) - start).total_seconds()
            yield f"{DIM}{seconds:8.3f} s{PLAIN}  {text}"


def _line(entry: dict[str, Any]) -> str:
    match entry["kind"]:
        case "event" if entry["topic"] == "acs":
            return _arrow("ACS", "Event Grid", _short(entry["event"]["type"]))
        case "callback":
            status = "no answer" if entry["status"] is None else entry["status"]
            names = ", ".join(_callback(event) for event in entry["events"])
            return _arrow("ACS", "callbacks", names, "" if status == 200 else str(status))  # noqa: PLR2004
        case "delivery":
            names = ", ".join(_short(event["type"]) for event in entry["events"])
            status = entry["status"] or "no answer"
            note = f"answered {status}" if status != 202 else ""  # noqa: PLR2004
            return _arrow("Event Grid", entry.get("function") or entry["subscription"], names, note)
        case "acs.request" if entry["operation"] != "GetKeys":
            note = " (repeated)" if entry.get("repeated") else ""
            return _arrow("app", "ACS", entry["operation"], f"{entry['status']}{note}", BOLD)
        case "dead_letter":
            return _arrow("Event Grid", "dead letters", entry["reason"])
    return ""


def _arrow(source: str, target: str, what: str, note: str = "", style: str = "") -> str:
    return f"{source:>10} → {target:<24} {style}{what}{PLAIN if style else ''}  {DIM}{note}{PLAIN}".rstrip()


def _short(type: str) -> str:
    return type.removeprefix("Microsoft.Communication.")


def _callback(event: dict[str, Any]) -> str:
    data = event.get("data", {})
    result = data.get("resultInformation") or {}
    more = data.get("state") or (f"{len(data['participants'])} present" if "participants" in data else "")
    if result.get("code", 200) != 200:  # noqa: PLR2004
        more = f"{result['code']}/{result.get('subCode', 0)}"
    return f"{_short(event['type'])}{f' ({more})' if more else ''}"


def row(call: Call) -> str:
    """The final row: state, recording, latencies, timeline."""
    status, reason = recording_status(call)
    facts = {
        "state": call.state.value,
        "recording": f"{status.value}{f', because {reason}' if reason else ''}",
        "called": ", ".join(filter(None, (call.callee_name, call.callee_number))),
        "tenant": call.tenant or "",
        "announced": call.announced or "",
        "notice": call.notified or "",
        "called at": _clock(call.called_at),
        "connected at": _clock(call.connected_at),
        "ended at": _clock(call.ended_at),
        "ended with": f"{call.result.code}/{call.result.sub_code} {call.result.message}" if call.result else "",
    }
    text = [f"{BOLD}The row{PLAIN}  {call.id}"]
    text += [f"  {name:<14}{value}" for name, value in facts.items() if value]
    text += ["", f"{BOLD}Its timeline{PLAIN}"]
    text += [f"  {_clock(e.at)}  {e.type:<28}{e.text}" for e in call.timeline]
    measured = latencies(call)
    text += ["", f"{BOLD}Latencies{PLAIN}"]
    names = ("time to notify", "time to answer", "time to connect", "time to first audio")
    text += [f"  {n:<22}{f'{measured[n] * 1000:7.1f} ms' if n in measured else '      -'}" for n in names]
    return "\n".join(text)


def _clock(moment: datetime | None) -> str:
    return f"{moment:%H:%M:%S.%f}"[:-3] if moment else ""
