"""Callbacks and recording files: finds the call of each event, and has it processed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.acs import callbacks
from shared.calls.capabilities.recording import RecordingFileStatusUpdated, recording_id_of, server_call_id_of
from shared.calls.event import MEDIA_PREFIX, OWN_PREFIX, CallbackPayload, Event, Unreadable
from shared.service.processor import Processor, TryAgain
from shared.service.time_limits import INVOCATION_SECONDS, within
from shared.service.wire import CALL_ID, EventReader, WireEvent
from shared.storage.calls import CallStore, not_ours

# After so long, a recording for which no call is found can be that of another application's call.
FOREIGN_RECORDING_AGE = timedelta(minutes=10)


class CallEvents:
    def __init__(
        self, reader: EventReader, store: CallStore, processor: Processor, now: Callable[[], datetime]
    ) -> None:
        self._reader = reader
        self._store = store
        self._processor = processor
        self._now = now

    @within(INVOCATION_SECONDS)
    async def callback(self, wire: WireEvent) -> None:
        """A callback, delivered by the custom topic. The ``callid`` attribute names its call. Events of this app,
        which a subscription of an earlier version delivers, are for others.
        """
        if wire.type.startswith(OWN_PREFIX) and not wire.type.startswith(MEDIA_PREFIX):
            return
        event = await self._reader.read(wire, "call_event", CallbackPayload)
        if event is None:
            return
        call_id = str(wire.extension_attrs.get(callbacks.CALL_ID, ""))
        if not CALL_ID.fullmatch(call_id):
            reason = f"its attribute {callbacks.CALL_ID} is not a call id"
            await self._reader.quarantine(wire, reason, "call_event")
            return
        async with self._reader.unless_unreadable_row(wire, "call_event"):
            await self._processor.process_and_wait(call_id, [event])

    @within(INVOCATION_SECONDS)
    async def recording_file(self, wire: WireEvent) -> None:
        """A recording's files are ready. The event names no call; the index finds it by the recording's id."""
        event = await self._reader.read(wire, "recording_file_ready", RecordingFileStatusUpdated)
        if event is None:
            return
        try:
            recording_id = recording_id_of(event.subject)
        except Unreadable as error:
            await self._reader.quarantine(wire, str(error), "recording_file_ready")
            return
        call_id = await self._call_of(recording_id, event)
        if call_id is None:
            raise TryAgain(f"event {event.id}: no call is known yet for its recording; it must be delivered again")
        async with self._reader.unless_unreadable_row(wire, "recording_file_ready"):
            await self._processor.process(call_id, [event])

    async def _call_of(self, recording_id: str, event: Event) -> str | None:
        call_id = await self._store.call_of_recording(recording_id)
        server_call_id = server_call_id_of(event.subject)
        if call_id is None and server_call_id:
            call_id = await self._store.call_of_recording(server_call_id)
            if call_id is None and self._now() - event.at > FOREIGN_RECORDING_AGE:
                call_id = await self._store.call_of_recording(not_ours(server_call_id))
        return call_id
