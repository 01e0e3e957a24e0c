"""Publishing what has happened to a call, for other applications: one request for all events that are due.

An event is composed when it is published, from the call and the key of the outbox (``calls.outbox``). Its id is made
from the call and the key: an application recognizes a repeated one by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from shared.acs.context import Context, Executors
from shared.acs.errors import ActionError
from shared.calls import outbox
from shared.calls.actions import PublishEvents
from shared.calls.capabilities import CAPABILITIES, Call
from shared.calls.capabilities.recording import Chunk, digest_of
from shared.calls.effect import Effect, effect_id
from shared.calls.event import Event
from shared.calls.identities import number_of, user_of
from shared.calls.policy import resource_account
from shared.calls.published import CALL_EVENTS, CallEvent, cloud_event
from shared.platform import clock
from shared.platform.settings import SettingError

if TYPE_CHECKING:
    from azure.eventgrid.aio import EventGridPublisherClient

UNAVAILABLE = 503
NEWER = 501  # an event of a newer version of this app, which publishes it once it runs again

_TYPES: Mapping[str, type[CallEvent]] = MappingProxyType({each.__name__: each for each in CALL_EVENTS})


async def publish(context: Context, call: Call, effect: Effect, action: PublishEvents) -> Event:
    shows_callers = context.settings.call_events == "with-callers"
    times = {key: at for each in CAPABILITIES for key, at in each.published(call, _part(call, each.name))}
    events = [
        _event(call, key, number, times.get(key) or action.recorded_at, shows_callers=shows_callers)
        for key, number in outbox.numbers(action).items()
    ]
    await _topic(context).send(events)
    return context.performed(effect)


def _topic(context: Context) -> EventGridPublisherClient:
    """A wrong setting must not fail what the call does meanwhile: the events are published once it is corrected."""
    try:
        return context.clients.topic
    except SettingError as error:
        raise ActionError(UNAVAILABLE, str(error)) from None


def _part(call: Call, name: str) -> Any:
    return getattr(call, name)


def _event(call: Call, key: str, number: int, at: datetime, *, shows_callers: bool) -> dict[str, Any]:
    name, *words = key.split(" ")
    if name not in _TYPES:
        raise ActionError(NEWER, f"this version of the app does not know the event {name}")
    fields = _common(call, shows_callers=shows_callers) | _FIELDS[name](call, words)
    data = _TYPES[name](call_id=call.id, sequence=number, **fields)
    return cloud_event(data, effect_id(call.id, outbox.step_of(key)), clock.rfc_3339(at))


def _common(call: Call, *, shows_callers: bool) -> dict[str, Any]:
    part, callees = call.lifecycle, call.on_behalf_of.callees
    other = callees[0] if callees else part.caller or ""
    return {
        "direction": "outbound" if part.is_outbound or callees else "inbound",
        "called_at": part.called_at,
        "account": resource_account(part.callee or ""),
        "tenant": part.tenant,
        "caller": number_of(other) if shows_callers else None,
        "caller_name": part.caller_name if shows_callers and not callees else None,
    }


# -- The fields of each type, from the call and the words of the key after the first -----------------------------


def _connected(call: Call, _: list[str]) -> dict[str, Any]:
    return {"connected_at": call.connected_at}


def _ended(call: Call, _: list[str]) -> dict[str, Any]:
    return {"connected_at": call.connected_at, "ended_at": call.ended_at}


def _not_connected(_: Call, words: list[str]) -> dict[str, Any]:
    return {"state": words[0]}


def _step(call: Call, words: list[str]) -> dict[str, Any]:
    names, part = [each.name for each in call.routing.visits], call.routing
    place = names.index(words[0])
    before = names[place - 1] if place else None
    return {"visit": words[0], "before": before, "plan_id": part.name, "plan_version": part.version}


def _ringing(call: Call, words: list[str]) -> dict[str, Any]:
    return {"agent": user_of(call.participants.rings[words[0]].target)}


def _agent(_: Call, words: list[str]) -> dict[str, Any]:
    return {"agent": words[0]}


def _archived(call: Call, words: list[str]) -> dict[str, Any]:
    id = words[0] if words else None
    chunks = [chunk for each, recording in call.recording.recordings.items() if digest_of(each) == id
              for chunk in recording.chunks.values()]  # fmt: skip
    status = "archived" if chunks and all(_is_archived(chunk) for chunk in chunks) else "lost"
    return {"status": status, "recording": id, "files": len(chunks)}


def _is_archived(chunk: Chunk) -> bool:
    return chunk.path is not None


_FIELDS: Mapping[str, Callable[[Call, list[str]], dict[str, Any]]] = MappingProxyType(
    {
        "CallConnected": _connected,
        "CallNotConnected": _not_connected,
        "StepReached": _step,
        "AgentRang": _ringing,
        "AgentConnected": _agent,
        "CallEnded": _ended,
        "CallArchived": _archived,
    }
)

EXECUTORS: Executors = {PublishEvents: publish}
