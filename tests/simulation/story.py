"""A run as lines of text, to find out what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tests.simulation.platform import START
from tests.simulation.world import RunResult


def lines_of(result: RunResult) -> Iterator[str]:
    """Requests, deliveries, invocations and saved events in the order of time."""
    schedule = result.schedule
    how = f"{schedule.settings}; {schedule.options}; skews {schedule.skews}"
    yield f"{schedule.name} {schedule.seed}: {', '.join(schedule.kinds)}; {how}"
    for rule in schedule.rules:
        yield f"  rule {rule}"
    for fault in schedule.network_faults:
        yield f"  fault {fault.service} {fault.operation}: {fault.do} from the {fault.nth}., {fault.times} times"
    yield f"  kills {sorted(schedule.kills)}, freezes {schedule.freezes}, rotations {schedule.rotations}"
    yield f"  deploys {schedule.deploys}, rows changed {schedule.changes}"
    lines = [*_requests(result), *_journal(result), *_invocations(result), *_folded(result)]
    for at, line in sorted(lines, key=lambda one: one[0]):
        yield f"{at:>12.3f}  {line}"
    for call in result.calls.values():
        yield repr(call)


def _requests(result: RunResult) -> Iterator[tuple[float, str]]:
    for sent in result.sent:
        fault = f" [{sent.fault}]" if sent.fault else ""
        yield sent.at, f"     {sent.instance} {sent.service} {sent.operation} → {sent.status or 'no answer'}{fault}"


def _journal(result: RunResult) -> Iterator[tuple[float, str]]:
    for entry in result.journal:
        at = (datetime.fromisoformat(entry["at"]) - START).total_seconds()
        match entry["kind"]:
            case "event":
                yield at, f"▸ {_short(entry['event'])} on {entry['topic']}"
            case "callback":
                yield at, f"◂ callback {_short(entry['events'][0])} → {entry['status']}"
            case "delivery":
                yield at, f"◂ {_short(entry['events'][0])} to {entry['subscription']} → {entry['status']}"
            case "fault" | "dead_letter":
                yield at, f"! {entry['kind']} {entry.get('fault') or entry.get('rule') or entry.get('reason')}"


def _short(event: dict[str, Any]) -> str:
    return f"{event['type'].rpartition('.')[2]} {event['id'][:8]}"


def _invocations(result: RunResult) -> Iterator[tuple[float, str]]:
    for done in result.invocations:
        how = "died" if done.crashed else repr(done.error)[:90] if done.error else "done"
        yield done.begun, f"   {done.instance} {done.function}: {how} after {done.seconds:.3f} s"


def _folded(result: RunResult) -> Iterator[tuple[float, str]]:
    for folded in result.folded:
        at = (folded.now - START).total_seconds()
        yield at, f"      saved {folded.event.type} {folded.event.id[:8]}, {folded.event.at.isoformat()[11:]}"
