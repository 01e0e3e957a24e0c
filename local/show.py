"""The journal and the row as text."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from emulator import journal_text
from shared.calls.capabilities import Call, latencies, recording_status
from shared.calls.capabilities.recording import NOTICE
from shared.calls.effect import effect_id
from shared.calls.policy import ANNOUNCEMENT


def _styles() -> tuple[str, str, str, str, str]:
    """Bold, dim, green, red, plain: for a terminal, and nothing at all for a file."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return "", "", "", "", ""
    return "\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m"


BOLD, DIM, GREEN, RED, PLAIN = _styles()


def lines(entries: list[dict[str, Any]], start: datetime) -> Iterator[str]:
    """The entries of the emulator's journal, a line each."""
    return journal_text.lines(entries, journal_text.TERMINAL if BOLD else journal_text.PLAIN, start)


def row(call: Call) -> str:
    """The final row: state, recording, latencies, timeline."""
    part, (status, reason) = call.lifecycle, recording_status(call)
    facts = {
        "state": call.state.value,
        "recording": f"{status.value}{f', because {reason}' if reason else ''}",
        "called": ", ".join(filter(None, (part.callee_name, part.callee_number))),
        "tenant": part.tenant or "",
        "announcement": _outcome(call, ANNOUNCEMENT),
        "notice": _outcome(call, NOTICE),
        "called at": _clock(part.called_at),
        "connected at": _clock(call.connected_at),
        "ended at": _clock(call.ended_at),
        "ended with": f"{part.result.code}/{part.result.sub_code} {part.result.message}" if part.result else "",
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


def _outcome(call: Call, step: str) -> str:
    outcome = call.operations.outcome(effect_id(call.id, step))
    return f"{outcome.status.value} ({outcome.source_event})" if outcome else ""


def _clock(moment: datetime | None) -> str:
    return f"{moment:%H:%M:%S.%f}"[:-3] if moment else ""
