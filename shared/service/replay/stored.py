"""Stored events: the blobs of both containers listed, shown and passed to the app's handlers."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.calls.capabilities import parse
from shared.calls.event import PREFIX, Unreadable
from shared.platform import clock
from shared.platform.settings import SettingError
from shared.service.container import Container
from shared.service.processor import TryAgain
from shared.service.replay import KINDS

CLOUD_EVENT = {"id", "source", "type", "time", "subject", "data", "specversion", "datacontenttype", "dataschema"}


@dataclass(frozen=True)
class StoredEvent:
    """An event as it was delivered, with the attributes of ``shared.service.wire.WireEvent``."""

    id: str
    source: str
    type: str
    time: datetime | None
    subject: str | None
    data: Any
    extension_attrs: dict[str, Any] = field(default_factory=dict)

    def get_json(self) -> Any:
        return self.data


def events_of(record: Any) -> Iterator[StoredEvent]:
    """The events of a blob: a quarantine record, or Event Grid's array of dead letters. Raises Unreadable."""
    found = record.get("event") if isinstance(record, dict) and "event" in record else record
    for event in found if isinstance(found, list) else [found]:
        yield _stored_event(event)


def _stored_event(event: Any) -> StoredEvent:
    if not isinstance(event, dict):
        raise Unreadable("it is no JSON object")
    extensions = {name: value for name, value in event.items() if name not in CLOUD_EVENT}
    texts = {name: str(event.get(name) or "") for name in ("id", "source", "type", "subject")}
    return StoredEvent(time=_moment(event.get("time")), data=event.get("data"), extension_attrs=extensions, **texts)


def _moment(text: Any) -> datetime | None:
    try:
        return clock.parse(text)
    except ValueError:
        return None


async def replay(container: Container, event: StoredEvent) -> None:
    """Pass an event to its handler. Raises Unreadable if it still cannot be handled."""
    parse(event.type, event.id, event.time, event.subject, event.get_json())
    match event.type.removeprefix(PREFIX):
        case "IncomingCall":
            await container.answering.incoming_call(event)
        case "RecordingFileStatusUpdated":
            await container.events.recording_file(event)
        case _ if "callid" in event.extension_attrs:
            await container.events.callback(event)
        case _:
            raise Unreadable("it does not say which call it is about (its attribute callid is missing)")


async def names(blobs: Any) -> AsyncIterator[str]:
    async for blob in blobs.list_blobs():
        yield str(blob.name)


async def read(blobs: Any, name: str) -> Any:
    return json.loads(await (await blobs.download_blob(name)).readall())


async def _list(blobs: Any, kind: str) -> int:
    count = 0
    async for name in names(blobs):
        print(f"{name}  {'; '.join(sorted(await _reasons(blobs, name)))}")
        count += 1
    print(f"{count} in {kind}")
    return 0


async def _reasons(blobs: Any, name: str) -> set[str]:
    try:
        record = await read(blobs, name)
    except ValueError:
        return {"it is no JSON"}
    return {_reason(each) for each in (record if isinstance(record, list) else [record])}


def _reason(record: Any) -> str:
    if not isinstance(record, dict):
        return "it is no JSON object"
    return str(record.get("reason") or record.get("deadletterreason") or "no reason given")


async def _show(blobs: Any, name: str) -> int:
    print(json.dumps(await read(blobs, name), indent=2))
    return 0


async def _replay(container: Container, blobs: Any, chosen: list[str]) -> int:
    """Replay blobs, and delete those that succeed. A blob that fails does not affect the others; the exit status is
    then 1.
    """
    failed = 0
    for name in chosen or [name async for name in names(blobs)]:
        try:
            for event in events_of(await read(blobs, name)):
                await replay(container, event)
            await blobs.delete_blob(name)
        except SettingError:
            raise
        except Exception as error:  # noqa: BLE001  # the text of others could hold names and numbers
            failed += 1
            text = str(error) if isinstance(error, Unreadable | TryAgain) else type(error).__name__
            print(f"{name}  failed: {text}")
            continue
        print(f"{name}  replayed")
    return 1 if failed else 0


async def run(container: Container, given: Namespace) -> int:
    """The command that the arguments name. Returns the exit status."""
    settings = container.settings
    name = settings.quarantine_container if given.kind == KINDS[0] else settings.deadletters_container
    blobs = container.clients.container(name)
    match given.command:
        case "list":
            return await _list(blobs, given.kind)
        case "show":
            return await _show(blobs, given.name)
    return await _replay(container, blobs, given.names)
