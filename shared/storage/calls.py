"""The row of a call in Table storage: one entity for each call, changed under its ETag.

Rows are partitioned by day and shard (``20261121-a``): recent calls are listed by scanning a few partitions, and
none of them runs hot. What is worth filtering by stands in columns of its own; the call itself is JSON.
Table storage's limits: 64 KiB a property (32 Ki characters of UTF-16), 1 MiB an entity.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from msgspec import Struct
from msgspec.structs import replace

from shared.calls.call import Call, Entry, Measured, State
from shared.calls.machine import next_look, recording_is_unnamed, recording_status

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

VERSION = 1  # of the row's format
PIECE = 16_000  # characters of JSON in one property; an emoji is two in UTF-16
BINARY_PIECE = 60_000  # bytes
LONG = 128_000  # bytes of JSON, from which it is compressed
_SAFE = re.compile(r"[\w.-]{1,400}", re.ASCII)  # a key has 512 characters at most
_INDEX = "recording "  # partitions of the index from recording ids to calls

_encoder = msgspec.json.Encoder(order="deterministic")


class Conflict(Exception):
    """The row was changed since it was read."""


class Row(Struct, frozen=True):
    """A call as it was read, or None if there is none yet, and the ETag that a change must name."""

    call: Call | None = None
    etag: str | None = None


class Store:
    def __init__(self, table: TableClient) -> None:
        self._table = table

    async def read(self, call_id: str) -> Row:
        try:
            entity = await self._table.get_entity(partition_of(call_id), call_id)
        except ResourceNotFoundError as error:
            check_table(error)
            return Row()
        return Row(_call(entity), entity.metadata["etag"])

    async def write(self, row: Row, call: Call, now: datetime) -> Row:
        """Save the call over the row it was made from. Raises Conflict if the row has changed since."""
        for name in sorted(_recordings_of(call, row.call) - (_recordings_of(row.call) if row.call else set())):
            await self._index(name, call.id)
        entity = _entity(call, now)
        try:
            if row.etag is None:
                saved = await self._table.create_entity(entity)
            else:
                saved = await self._table.update_entity(
                    entity, mode="replace", etag=row.etag, match_condition=MatchConditions.IfNotModified
                )
        except (ResourceExistsError, ResourceModifiedError):
            raise Conflict(call.id) from None
        except ResourceNotFoundError as error:
            if row.etag is None:  # what can be missing for a new row is the table; the SDK does not decode that here
                raise
            check_table(error)
            raise Conflict(call.id) from None
        return Row(call, saved["etag"])

    async def call_of_recording(self, recording_id: str) -> str | None:
        """The id of the call that the recording belongs to, once an event or an answer has told it. A recording of
        which nothing was told can be asked for by its server call id.
        """
        try:
            entity = await self._table.get_entity(_INDEX + key(recording_id), "call")
        except ResourceNotFoundError as error:
            check_table(error)
            return None
        return str(entity["call_id"])

    async def due(self, partitions: tuple[str, str], now: datetime) -> AsyncIterator[str]:
        """The ids of calls in a range of partitions that are due by now."""
        query = "PartitionKey ge @first and PartitionKey lt @last and wake_at le @now"
        parameters = {"first": partitions[0], "last": partitions[1], "now": now}
        async for entity in self._table.query_entities(query, select=["RowKey"], parameters=parameters):
            yield entity["RowKey"]

    async def _index(self, recording_id: str, call_id: str) -> None:
        entity = {"PartitionKey": _INDEX + key(recording_id), "RowKey": "call", "call_id": call_id}
        await self._table.upsert_entity(entity)


def _recordings_of(call: Call, before: Call | None = None) -> set[str]:
    """What a call's recordings are found by: their ids; the server call id if ACS has told none. Those of a call that
    is not ours are announced to us too, and found under a name of their own.
    """
    found = set(call.recordings)
    if call.server_call_id and call.state is State.NOT_OURS:
        found.add(not_ours(call.server_call_id))
    elif call.server_call_id and recording_is_unnamed(call, before):
        found.add(call.server_call_id)
    return found


def not_ours(server_call_id: str) -> str:
    """What the recordings of a call that is not ours are found by. A leg of the same call can be ours."""
    return f"not ours {server_call_id}"


def partition_of(call_id: str) -> str:
    """``20261121-3f…`` → ``20261121-3``: the day, and one of 16 shards."""
    return call_id[:10]


def partition_ranges(now: datetime, days: int) -> list[tuple[str, str]]:
    """The partitions of the last ``days`` days, and of tomorrow for clocks ahead of ours, in pieces to be scanned
    beside each other: four a day, each from its first partition to the one after its last.
    """
    names = [(now + timedelta(days=day)).strftime("%Y%m%d") for day in range(-days, 2)]
    return [(f"{day}-{first}", f"{day}-{last}") for day in names for first, last in ("04", "48", "8c", "cg")]


def key(recording_id: str) -> str:
    """A recording id as a key, for tables and in blob names: ids are base64, whose / and + these do not take well."""
    safe = recording_id.replace("+", "-").replace("/", "_").rstrip("=")
    return safe if _SAFE.fullmatch(safe) else hashlib.sha256(recording_id.encode()).hexdigest()


def _entity(call: Call, now: datetime) -> dict[str, Any]:
    status, reason = recording_status(call)
    columns = {
        "PartitionKey": partition_of(call.id),
        "RowKey": call.id,
        "version": VERSION,
        "state": call.state.value,
        "recording": status.value,
        "reason": reason,
        "callee": call.callee,
        "tenant": call.tenant,
        "called_at": call.called_at,
        "connected_at": call.connected_at,
        "ended_at": call.ended_at,
        "wake_at": next_look(call, now),
        "measured": _encoder.encode(call.measured).decode(),
    }
    core = replace(call, timeline=(), measured=Measured())
    present = {name: value for name, value in columns.items() if value is not None}
    return present | _pieces("call", core) | _pieces("timeline", call.timeline)


def _call(entity: dict[str, Any]) -> Call:
    core = msgspec.json.decode(_joined(entity, "call"), type=Call)
    timeline = msgspec.json.decode(_joined(entity, "timeline"), type=tuple[Entry, ...])
    measured = msgspec.json.decode(entity["measured"], type=Measured)
    return replace(core, timeline=timeline, measured=measured)


def _pieces(name: str, value: Any) -> dict[str, Any]:
    """A value's JSON as properties ``name``, ``name_1``, …, each within the limit of a property.

    What is long is compressed, into ``name_z``, ``name_z_1``, …: legible as long as it can be, and within the limit
    of an entity for a call of many thousand events.
    """
    encoded = _encoder.encode(value)
    if len(encoded) > LONG:
        return _cut(f"{name}_z", zlib.compress(encoded), BINARY_PIECE)
    return _cut(name, encoded.decode(), PIECE)


def _cut(name: str, whole: Any, size: int) -> dict[str, Any]:
    starts = range(0, len(whole), size)
    return {f"{name}_{n}" if n else name: whole[start : start + size] for n, start in enumerate(starts)}


def _joined(entity: dict[str, Any], name: str) -> bytes:
    if f"{name}_z" in entity:
        return zlib.decompress(b"".join(_uncut(entity, f"{name}_z")))
    return "".join(_uncut(entity, name)).encode()


def _uncut(entity: dict[str, Any], name: str) -> Iterator[Any]:
    yield entity[name]
    n = 1
    while (more := entity.get(f"{name}_{n}")) is not None:
        yield more
        n += 1


def check_table(error: ResourceNotFoundError) -> None:
    """A missing row is an answer; a missing table is a fault of the deployment."""
    if getattr(error, "error_code", None) == "TableNotFound":
        raise error
