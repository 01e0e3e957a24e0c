"""What must hold for the events that calls publish for other applications."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from shared.calls.capabilities import CAPABILITIES, Call
from shared.calls.effect import effect_id
from shared.calls.event import OWN_PREFIX
from shared.calls.outbox import step_of
from shared.calls.state import CallState

if TYPE_CHECKING:
    from tests.simulation.world import RunResult


def published(result: RunResult) -> Iterator[str]:
    """Everything that a call has for other applications is on the topic at least once, and nothing else is. A repeated
    event has the same id and number; the numbers of a call have no gaps.
    """
    events = _on_topic(result)
    for id, call in result.calls.items():
        keys = _keys(call) if _publishes(call) else set()
        known = {each["id"] for each in events.get(id, ())}
        for key in keys:
            if effect_id(id, step_of(key)) not in known:
                yield f"call {id}: {key} was never published"
        if not result.schedule.deploys:  # a row of the version before has no numbers, and counts anew
            yield from _numbered(id, events.get(id, []))


def _publishes(call: Call) -> bool:
    return call.policy.events and call.state is not CallState.NOT_OURS


def _keys(call: Call) -> set[str]:
    return {key for each in CAPABILITIES for key, _ in each.published(call, getattr(call, each.name))}


def _numbered(id: str, events: list[dict[str, Any]]) -> Iterator[str]:
    numbers = {each["id"]: each["data"]["sequence"] for each in events}
    if any(numbers[each["id"]] != each["data"]["sequence"] for each in events):
        yield f"call {id}: an event was published with two numbers"
    if sorted(numbers.values()) != list(range(1, len(numbers) + 1)):
        yield f"call {id}: its events have the numbers {sorted(numbers.values())}"


def _on_topic(result: RunResult) -> dict[str, list[dict[str, Any]]]:
    """The events of calls that the topic has accepted, by call."""
    accepted = (entry["event"] for entry in result.journal if entry["kind"] == "event")
    own = [each for each in accepted if each["type"].startswith(OWN_PREFIX) and "sequence" in each["data"]]
    in_order = sorted(own, key=lambda each: str(each["data"]["callId"]))
    return {id: list(of_call) for id, of_call in groupby(in_order, key=lambda each: str(each["data"]["callId"]))}
