"""The capabilities, composed: the call, the list for the engine, and the functions that read a whole call.

A new capability is a module here and an entry of ``CAPABILITIES``; one that keeps a part of the call has a field of
``Call`` too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.calls import capability, engine
from shared.calls import event as envelope
from shared.calls.call import BaseCall
from shared.calls.capabilities import (
    consult,
    dtmf,
    lifecycle,
    media,
    music,
    on_behalf_of,
    outbound,
    participants,
    prompts,
    recognition,
    recording,
    routing,
    streams,
    transfer,
    wrap_up,
)
from shared.calls.capabilities.consult import Consults
from shared.calls.capabilities.dtmf import Dtmf
from shared.calls.capabilities.lifecycle import Lifecycle
from shared.calls.capabilities.media import Media
from shared.calls.capabilities.on_behalf_of import OnBehalfOf
from shared.calls.capabilities.outbound import Outbound
from shared.calls.capabilities.participants import Participants
from shared.calls.capabilities.prompts import Prompts
from shared.calls.capabilities.recognition import Recognition
from shared.calls.capabilities.recording import Recordings, RecordingStatus
from shared.calls.capabilities.routing import Routing
from shared.calls.capabilities.streams import Streams
from shared.calls.capabilities.transfer import Transfers
from shared.calls.capabilities.wrap_up import WrapUps
from shared.calls.capability import Capabilities, NoPart
from shared.calls.effect import Effect
from shared.calls.event import Event
from shared.calls.operations import Outcome


class Call(BaseCall, frozen=True, kw_only=True, omit_defaults=True):
    """One call: what the engine knows of it, and the part of each capability."""

    lifecycle: Lifecycle = Lifecycle()
    participants: Participants = Participants()
    recording: Recordings = Recordings()
    prompts: Prompts = Prompts()
    music: NoPart = NoPart()
    consult: Consults = Consults()
    transfer: Transfers = Transfers()
    recognition: Recognition = Recognition()
    dtmf: Dtmf = Dtmf()
    streams: Streams = Streams()
    media: Media = Media()
    routing: Routing = Routing()
    outbound: Outbound = Outbound()
    on_behalf_of: OnBehalfOf = OnBehalfOf()
    wrap_up: WrapUps = WrapUps()


CAPABILITIES: Capabilities = (
    lifecycle.CAPABILITY,
    participants.CAPABILITY,
    recording.CAPABILITY,
    prompts.CAPABILITY,
    music.CAPABILITY,
    recognition.CAPABILITY,
    dtmf.CAPABILITY,
    consult.CAPABILITY,
    transfer.CAPABILITY,
    streams.CAPABILITY,
    media.CAPABILITY,
    routing.CAPABILITY,
    outbound.CAPABILITY,
    on_behalf_of.CAPABILITY,
    wrap_up.CAPABILITY,
)

_REGISTRY = capability.registry(CAPABILITIES)


def parse(event_type: str, event_id: str, at: datetime | None, subject: str | None, data: Any) -> Event:
    """A CloudEvent of the platform as a typed event. Raises Unreadable."""
    return envelope.parse(_REGISTRY, event_type, event_id, at, subject, data)


def reduce(call: Call, event: Event, now: datetime) -> tuple[Call, tuple[Effect, ...]]:
    """The call after the event, and the effects to perform now, leased to this invocation."""
    return engine.reduce(call, event, now, CAPABILITIES)


def next_check_at(call: Call) -> datetime | None:
    """When the sweep should look at the call, if nothing else happens; None when nothing is left to do."""
    return engine.next_check_at(call, CAPABILITIES)


def next_timer_at(call: Call) -> datetime | None:
    """When the queue should wake the call; None if nothing needs its precision."""
    return engine.next_timer_at(call, CAPABILITIES)


def command_outcome(call: Call, context: str) -> Outcome | None:
    """The outcome of a command; None as long as nothing is known of it."""
    return engine.command_outcome(call, context, CAPABILITIES)


def command_result(call: Call, context: str) -> dict[str, Any] | None:
    """What a command has brought, for the API; None if it brings nothing, or not yet."""
    return engine.command_result(call, context, CAPABILITIES)


def recording_status(call: Call) -> tuple[RecordingStatus, str | None]:
    """The status of the call's recording, and the reason if there is none."""
    return recording.status(call, call.recording)


def latencies(call: Call) -> dict[str, float]:
    """The phases of answering, in seconds, as far as they are known.

    They are the four that Microsoft names (azure-docs, "Lowest latency best practices for Teams Phone extensibility"):
    time to notify, to answer, to connect, to first audio.
    """
    part = call.lifecycle
    connected = next((entry.received for entry in call.timeline if entry.type == "CallConnected"), None)
    phases = {
        "time to notify": (part.called_at, part.received_at),
        "time to answer": (part.received_at, part.answer_sent_at),
        "time to connect": (part.answer_sent_at, connected),
        "time to first audio": (call.connected_at, call.prompts.first_audio_at),
    }
    return {name: (end - start).total_seconds() for name, (start, end) in phases.items() if start and end}
