"""A capability: everything that one kind of behaviour adds to a call, in one module.

Two rules keep the result independent of the order of events: ``fold`` reads the event and the capability's own part of
the call, and returns that part; ``wanted`` reads all of the call and changes nothing. The outcomes of other
capabilities' operations are in ``call.operations``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

from msgspec import Struct

from shared.calls.call import BaseCall
from shared.calls.effect import Wanted
from shared.calls.event import Event, Fact, Payload
from shared.calls.operations import Outcome, OutcomeStatus
from shared.calls.outbox import Happened
from shared.calls.state import CallState


class NoPart(Struct, frozen=True):
    """The part of a capability that needs no state beyond the outcomes of its operations."""


Part = TypeVar("Part", bound=Struct)


class Capability(Struct, Generic[Part], frozen=True, kw_only=True):
    """``name`` is the attribute of the call that holds the part, and the property of the row that it is saved in.

    ``payloads``: the platform's event types, and the classes of their data.
    ``outcomes``: which of them report the outcome of an operation, by ``operationContext``.
    ``steps``: the names of the steps that the capability can want with an outcome in ``call.operations``.
    ``fold``: the part after an event.
    ``implied_state``: the state that an event implies; NEW if it implies none.
    ``wanted``: the steps that the call needs now.
    ``deadlines``: when the sweep should look at the call, if nothing else happens.
    ``timers``: the same, for moments that cannot wait for the sweep, which comes once a minute.
    ``expire``: the part after the changes that follow from the whole call and the time: decisions that are never
    revised. They depend on the order of events.
    ``decided``: the events of what ``expire`` has changed, from the part before to the part after, for the timeline.
    ``published``: what has happened, for other applications, as keys of the outbox. The first word of a key is the
    type of the event (``published.py``).
    ``command_outcome``: the outcome of a command, by its operation context, if it follows from several steps.
    ``command_result``: what a command has brought, for the API, by its operation context.
    ``columns``: properties of the row that calls are filtered by.
    ``describe``: the text of an event in the timeline; empty for the meaning of its result code. It holds no phone
    numbers and no names of people.
    """

    name: str
    part: Callable[[], Part]
    payloads: Mapping[str, type[Payload]] = {}
    outcomes: Mapping[type[Fact], OutcomeStatus] = {}
    fold: Callable[[Part, Event], Part] = lambda part, event: part  # noqa: ARG005
    steps: Callable[[BaseCall, Part], Iterable[str]] = lambda *_: ()
    implied_state: Callable[[BaseCall, Part, Event, datetime], CallState] = lambda *_: CallState.NEW
    wanted: Callable[[BaseCall, Part, datetime], Iterable[Wanted]] = lambda *_: ()
    deadlines: Callable[[BaseCall, Part], Iterable[datetime]] = lambda *_: ()
    timers: Callable[[BaseCall, Part], Iterable[datetime]] = lambda *_: ()
    expire: Callable[[BaseCall, Part, datetime], Part] = lambda call, part, now: part  # noqa: ARG005
    decided: Callable[[BaseCall, Part, Part], Iterable[Event]] = lambda *_: ()
    published: Callable[[BaseCall, Part], Iterable[Happened]] = lambda *_: ()
    command_outcome: Callable[[BaseCall, Part, str], Outcome | None] = lambda *_: None
    command_result: Callable[[BaseCall, Part, str], dict[str, Any] | None] = lambda *_: None
    columns: Callable[[BaseCall, Part], Mapping[str, Any]] = lambda *_: {}
    describe: Callable[[Fact], str] = lambda _: ""


Capabilities = tuple[Capability[Any], ...]


def registry(capabilities: Capabilities) -> dict[str, type[Payload]]:
    """The platform's event types that the capabilities read, and the classes of their data."""
    return {name: shape for capability in capabilities for name, shape in capability.payloads.items()}
