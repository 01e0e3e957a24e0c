"""Calls of thousands of events, and of a day: they are processed, and their row stays within the limits."""

from __future__ import annotations

import uuid
from datetime import timedelta

from azure.storage.blob.aio import ContainerClient

from shared.calls.capabilities import Call
from shared.calls.capabilities.participants import Participants
from shared.calls.state import CallState
from shared.calls.timeline import LONGEST_TIMELINE, TimelineEntry
from shared.service.container import Container
from shared.storage.calls import Row, encode
from shared.storage.keys import keys_of
from tests.golden import START, cloud_event
from tests.service.test_triggers import Wire
from tests.support import entity_size, kept, size

PROPERTY = 64 * 1024  # bytes; Table storage's limits
ENTITY = 1024 * 1024


def long_call(entries: int) -> Call:
    """A call of a day, with DTMF tones and changes of participants all the time."""
    step = timedelta(days=1) / entries
    timeline = tuple(
        TimelineEntry(
            START + n * step, str(uuid.uuid4()), "ParticipantsUpdated", f"{n % 350} participants", START + n * step
        )
        for n in range(entries)
    )
    people = tuple(f"8:acs:{uuid.uuid4()}_{uuid.uuid4()}_{uuid.uuid4()}" for _ in range(350))
    id = f"20261121-{uuid.uuid4().hex}"
    return Call(id=id, state=CallState.CONNECTED, participants=Participants(people, people), timeline=timeline)


def test_the_longest_call_fits_into_an_entity() -> None:
    entity = encode(long_call(LONGEST_TIMELINE), Row())
    assert max(map(size, entity.values())) <= PROPERTY
    assert entity_size(entity) <= ENTITY / 1.5  # with room to spare
    assert len(entity) < 255


async def test_a_call_of_five_thousand_events_processes_the_next_one(container: Container) -> None:
    call = long_call(5000)
    await container.store.write(Row(), call)
    await container.events.callback(Wire(cloud_event("call_disconnected", after=86_400) | {"callid": call.id}))
    after = (await container.store.read(call.id)).call
    assert after is not None
    assert (after.state, len(after.timeline)) == (CallState.ENDED, 5001)
    assert after.timeline[:-1] == call.timeline


async def test_an_event_beyond_a_full_timeline_is_quarantined_and_still_processed(
    container: Container, quarantine: ContainerClient
) -> None:
    call = long_call(LONGEST_TIMELINE)
    await container.store.write(Row(), call)
    await container.events.callback(Wire(cloud_event("call_disconnected", after=86_400) | {"callid": call.id}))
    after = (await container.store.read(call.id)).call
    assert after is not None
    assert (after.state, len(after.timeline)) == (CallState.ENDED, LONGEST_TIMELINE)
    assert f"the timeline of call {call.id} is full" in [record["reason"] for record in await kept(quarantine)]


async def test_a_short_timeline_is_saved_as_text(container: Container) -> None:
    call = long_call(100)
    await container.store.write(Row(), call)
    entity = await container.clients.calls.get_entity(*keys_of(call.id))
    assert str(entity["timeline"]).startswith('[{"at":"2026-11-21T09:00:00Z"')
