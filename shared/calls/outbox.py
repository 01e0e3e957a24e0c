"""The outbox of a call: its events for other applications, published at least once.

The capabilities say what has happened (``Capability.published``), each with a key that is unique in the call. What has
not been published is published together, by one effect, which is recorded in the row before it is performed: so a crash
between the row and the topic loses nothing. The keys are numbered when they are recorded, from 1 and without gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from shared.calls.actions import PublishEvents
from shared.calls.effect import Effect, Wanted
from shared.calls.event import ActionFailed, ActionPerformed, Event

OUTBOX = "outbox"  # ``wanted_by`` of its effects, and the property of the row

Happened = tuple[str, datetime | None]  # the key, such as ``StepReached menu.1``, and when; None if that is not known


class Outbox(Struct, frozen=True, omit_defaults=True):
    """``published``: the keys of the events that are published, or could not be for a day, by number."""

    published: dict[str, int] = {}


def fold(outbox: Outbox, event: Event) -> Outbox:
    match event.data:
        case ActionPerformed(action=PublishEvents() as action) | ActionFailed(action=PublishEvents() as action):
            return replace(outbox, published=outbox.published | numbers(action))
    return outbox


def numbers(action: PublishEvents) -> dict[str, int]:
    """The numbers of the events that it publishes."""
    return {key: action.first + place for place, key in enumerate(action.keys)}


def wanted(outbox: Outbox, effects: Iterable[Effect], happened: Iterable[Happened], now: datetime) -> Iterator[Wanted]:
    """The publications that are open, and one of what has happened since."""
    under_way = [each.action for each in effects if isinstance(each.action, PublishEvents)]
    known = outbox.published
    for action in under_way:
        if not outbox.published.keys() >= set(action.keys):
            yield _wanted(action)
        known = known | numbers(action)
    new = {key: at or now for key, at in happened if key not in known}
    if new:
        yield _wanted(PublishEvents(tuple(sorted(new, key=lambda key: (new[key], key))), len(known) + 1, now))


def _wanted(action: PublishEvents) -> Wanted:
    return Wanted(step_of(action.keys[0]), action)


def step_of(key: str) -> str:
    """The step that an event's id is made from, and the effect's whose first event it is."""
    return f"publish {key}"
