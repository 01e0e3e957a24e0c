"""What was kept aside: listed, shown and replayed. ``python -m shared.service.replay --help``.

Two containers hold events that did not become part of a call: the quarantine (what could not be read) and the dead
letters (what Event Grid could not deliver in time). Replaying runs the app's own handlers here, with the same
settings as the deployed app, so whoever does it needs the roles of the app's identity. It is safe by construction:
a known event changes nothing, a call that has rung out is not answered, and an effect is claimed in the row.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from azure.core.exceptions import ResourceNotFoundError

from shared.calls.events import PREFIX, Unreadable, parse
from shared.platform.settings import SettingError
from shared.service.app import App, TryAgain

KINDS = ("quarantine", "deadletters")
CLOUD_EVENT = {"id", "source", "type", "time", "subject", "data", "specversion", "datacontenttype", "dataschema"}


@dataclass(frozen=True)
class Kept:
    """An event that was kept, as it came. It has the attributes that the app reads of a CloudEvent."""

    id: str
    source: str
    type: str
    time: datetime | None
    subject: str | None
    data: Any
    extension_attrs: dict[str, Any] = field(default_factory=dict)

    def get_json(self) -> Any:
        return self.data


def events_of(record: Any) -> Iterator[Kept]:
    """The events of a kept blob: a quarantine record, or Event Grid's array of dead letters. Raises Unreadable."""
    found = record.get("event") if isinstance(record, dict) and "event" in record else record
    for event in found if isinstance(found, list) else [found]:
        yield _kept(event)


def _kept(event: Any) -> Kept:
    if not isinstance(event, dict):
        raise Unreadable("it is no JSON object")
    extensions = {name: value for name, value in event.items() if name not in CLOUD_EVENT}
    texts = {name: str(event.get(name) or "") for name in ("id", "source", "type", "subject")}
    return Kept(time=_moment(event.get("time")), data=event.get("data"), extension_attrs=extensions, **texts)


def _moment(text: Any) -> datetime | None:
    try:
        return msgspec.convert(text, datetime) if text else None
    except msgspec.ValidationError:
        return None


async def replay(app: App, event: Kept) -> None:
    """Give an event to the handler it was meant for. Raises Unreadable if it is still none that can be handled."""
    parse(event.type, event.id, event.time, event.subject, event.get_json())
    match event.type.removeprefix(PREFIX):
        case "IncomingCall":
            await app.incoming_call(event)
        case "RecordingFileStatusUpdated":
            await app.recording_file_ready(event)
        case _ if "callid" in event.extension_attrs:
            await app.call_event(event)
        case _:
            raise Unreadable("it does not say which call it is about (its attribute callid is missing)")


async def names(app: App, kind: str) -> AsyncIterator[str]:
    async for blob in _container(app, kind).list_blobs():
        yield str(blob.name)


async def read(app: App, kind: str, name: str) -> Any:
    return json.loads(await (await _container(app, kind).download_blob(name)).readall())


def _container(app: App, kind: str) -> Any:
    settings = app.settings
    return app.clients.container(settings.quarantine_container if kind == KINDS[0] else settings.deadletters_container)


async def _list(app: App, kind: str) -> int:
    count = 0
    async for name in names(app, kind):
        print(f"{name}  {'; '.join(sorted(await _reasons(app, kind, name)))}")
        count += 1
    print(f"{count} in {kind}")
    return 0


async def _reasons(app: App, kind: str, name: str) -> set[str]:
    try:
        record = await read(app, kind, name)
    except ValueError:
        return {"it is no JSON"}
    return {_reason(each) for each in (record if isinstance(record, list) else [record])}


def _reason(record: Any) -> str:
    if not isinstance(record, dict):
        return "it is no JSON object"
    return str(record.get("reason") or record.get("deadletterreason") or "no reason given")


async def _show(app: App, kind: str, name: str) -> int:
    print(json.dumps(await read(app, kind, name), indent=2))
    return 0


async def _replay(app: App, kind: str, chosen: list[str]) -> int:
    """Replay blobs and delete those that went well; exit status 1 if some did not. What one of them is like, or does
    to the app, is nothing to the others.
    """
    failed = 0
    for name in chosen or [name async for name in names(app, kind)]:
        try:
            for event in events_of(await read(app, kind, name)):
                await replay(app, event)
            await _container(app, kind).delete_blob(name)
        except SettingError:
            raise
        except Exception as error:  # noqa: BLE001  # what it says could hold names and numbers
            failed += 1
            text = str(error) if isinstance(error, Unreadable | TryAgain) else type(error).__name__
            print(f"{name}  kept: {text}")
            continue
        print(f"{name}  replayed")
    return 1 if failed else 0


async def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m shared.service.replay", description=__doc__)
    parser.add_argument("kind", choices=KINDS, help="which container")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="names and reasons")
    commands.add_parser("show", help="one, whole: it can hold names and numbers").add_argument("name")
    commands.add_parser("replay", help="those named, or all").add_argument("names", nargs="*")
    given = parser.parse_args(arguments)
    app = App()
    try:
        match given.command:
            case "list":
                return await _list(app, given.kind)
            case "show":
                return await _show(app, given.kind, given.name)
        return await _replay(app, given.kind, given.names)
    except (ResourceNotFoundError, SettingError) as error:
        print(f"not done: {getattr(error, 'reason', None) or error}", file=sys.stderr)
        return 1
    finally:
        await app.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
