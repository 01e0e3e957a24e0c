"""The way of a call through a routing plan, in words.

``python -m local.dry_run --plan plan.json --at 2026-11-22T19:00 --keys 2``

Nothing is started and nothing is dialled: the plan runs as in a call, and the rest is invented (see ``--help``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from local.show import BOLD, DIM, PLAIN, RED
from shared.calls.plans import reading
from shared.calls.plans.document import Plan
from shared.calls.plans.reading import InvalidPlan
from shared.service.dry_run import DryRun, Situation, dry_run
from shared.service.dry_run.result import DryRunStep, Heard
from shared.service.dry_run.situation import RING, TRANSFER, zone_of

ANSWERS = f"""what steps meet with, by step or visit, separated by spaces: menu=2 menu.2=1 sales=declined,accepted
ring: {", ".join(RING)}; transfer: {", ".join(TRANSFER)}
decide: the chosen step; menu and collect: keys, or spoken words. One value holds each time,
values with commas between them hold for one time after the other"""


def words(plan: Plan, situation: Situation, result: DryRun) -> Iterator[str]:
    """The dry run, a line each."""
    zone, began = zone_of(plan), situation.begins_at(plan)
    local = began.astimezone(zone)
    yield f"{BOLD}{situation.caller} calls on {local:%A}, {local.day} {local:%B %Y, at %H:%M} ({zone.key}).{PLAIN}\n"
    for step in result.steps:
        yield from _step(step, began)
    yield f"\n{BOLD}The call ends after {result.seconds:g} s: {result.ended}.{PLAIN} {DIM}(Prompts: estimated.){PLAIN}"
    for each in result.unused:
        yield f"{DIM}Not used, since the call did not come there: {each}{PLAIN}"


def _step(step: DryRunStep, began: datetime) -> Iterator[str]:
    yield f"{_clock(step.at - began)}  {BOLD}{step.visit:<16}{PLAIN} {step.type}"
    for heard in step.heard:
        yield f"{'':9}{_clock(heard.at - began).strip()}  {_heard(heard)}"
    if step.reason:
        yield f"{'':9}→ {BOLD}{step.next or 'end'}{PLAIN}: {step.reason}"


def _heard(heard: Heard) -> str:
    loop = ", again and again," if heard.loop else ""
    return f"{'the ' if heard.by == 'caller' else ''}{heard.by} hears{loop} {heard.prompt!r}"


def _clock(passed: timedelta) -> str:
    minutes, seconds = divmod(int(passed.total_seconds()), 60)
    return f"{minutes:4}:{seconds:02}"


def read(path: str) -> Plan:
    """Raises OSError and InvalidPlan."""
    return reading.read(Path(path).read_bytes())


def situation_of(given: argparse.Namespace) -> Situation:
    """The situation of the command line's values. Raises ValidationError."""
    answers = dict(_pair(each) for each in given.answers.split())
    fields: dict[str, Any] = {
        "at": datetime.fromisoformat(given.at) if given.at else datetime.now(UTC),
        "keys": given.keys.replace(",", " ").split(),
        "answers": answers,
        "context": dict(_pair(each)[:2] for each in given.context.split()),
    }
    optional = {"caller": given.caller, "customer": given.customer}
    return msgspec.convert(fields | {name: value for name, value in optional.items() if value}, Situation)


def _pair(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    return name, value.split(",") if "," in value else value


def explain(path: str, error: Exception) -> int:
    """Print the faults of a plan or its file; returns the exit code."""
    problems = error.problems if isinstance(error, InvalidPlan) else ()
    for text in [f"{path}: {each.path}: {each.text}" for each in problems] or [str(error)]:
        print(f"{RED}{text}{PLAIN}", file=sys.stderr)
    return 1


def main(given: argparse.Namespace) -> int:
    try:
        plan, situation = read(given.plan), situation_of(given)
        for line in words(plan, situation, dry_run(plan, situation)):
            print(line)
    except (OSError, ValueError) as error:
        return explain(given.plan, error)
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--plan", required=True, help="the file of the plan")
    parser.add_argument("--at", default="", help="when the call comes in: 2026-11-22T19:00 (in the plan's time zone)")
    parser.add_argument("--keys", default="", help="what the caller enters, one prompt after the other: '2 12345678'")
    parser.add_argument("--answers", default="", help=ANSWERS)
    parser.add_argument("--caller", default="", help="the caller's number, in E.164")
    parser.add_argument("--customer", choices=["", "known", "unknown"], default="", help="whether it is a customer's")
    parser.add_argument("--context", default="", help="custom context of the call: 'name=value name=value'")
    sys.exit(main(parser.parse_args()))
