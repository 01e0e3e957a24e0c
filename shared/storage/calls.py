"""The row of a call in Table storage: one entity for each call, changed under its ETag.

A row is found by the call's id alone (``keys``). Values to filter by have columns of their own. The call itself is
JSON: a property for the engine's part, one for each capability with the effects that it wants, one for the timeline. A
capability that this version does not know stays in the row unchanged.

Table storage's limits: 64 KiB a property (32 Ki characters of UTF-16), 1 MiB an entity.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from msgspec import Struct
from msgspec.structs import replace

from shared.calls.call import BaseCall
from shared.calls.capabilities import CAPABILITIES, Call, next_check_at, recording
from shared.calls.effect import Effect
from shared.calls.operations import Operations
from shared.calls.outbox import OUTBOX, Outbox
from shared.calls.queues import COMMANDS
from shared.calls.state import CallState
from shared.calls.timeline import Timeline
from shared.storage import lists
from shared.storage.keys import entity_keys, id_of, keys_of

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

VERSION = 2  # of the row's format
PIECE = 16_000  # characters of JSON in one property; an emoji is two in UTF-16
BINARY_PIECE = 60_000  # bytes
LONG = 32_000  # bytes of JSON, from which it is compressed
NEWER = (".do`", ".type`")  # how msgspec ends its message about an action, or a plan's step, that it does not know
PAUSE = "unreadable_pause"  # property of a row that this version cannot read: seconds between two checks
SHORTEST_PAUSE, LONGEST_PAUSE = 60, 3600
_SAFE = re.compile(r"[\w.-]{1,400}", re.ASCII)  # a key has 512 characters at most

_encoder = msgspec.json.Encoder(order="deterministic")


class Conflict(Exception):
    """The row was changed since it was read."""


class UnreadableRow(Exception):
    """A row of another version, or one that cannot be decoded. The text quotes nothing of its content."""

    def __init__(
        self, call_id: str, reason: str, entity: Mapping[str, Any], etag: str | None, *, is_newer: bool
    ) -> None:
        super().__init__(f"the row of call {call_id} is unreadable: {reason}")
        self.call_id, self.entity, self.etag, self.is_newer = call_id, entity, etag, is_newer


class Row(Struct, frozen=True):
    """A call as it was read, or None if there is no row yet, and the ETag for changing it.

    ``unknown`` are the properties that this version does not know; ``checked_next`` is the row's ``next_check_at``;
    ``listed`` the marker of the lists that the call is in.
    """

    call: Call | None = None
    etag: str | None = None
    unknown: dict[str, Any] = {}
    checked_next: datetime | None = None
    listed: str = ""


class Saved(Struct, frozen=True, omit_defaults=True):
    """The value of a capability's property."""

    part: msgspec.Raw = msgspec.Raw(b"{}")
    effects: tuple[Effect, ...] = ()


class CallStore:
    """``calls`` holds the rows; ``index`` the calls that recordings belong to."""

    def __init__(self, calls: TableClient, index: TableClient) -> None:
        self._calls, self._index = calls, index

    async def read(self, call_id: str) -> Row:
        """Raises UnreadableRow."""
        try:
            entity = await self._calls.get_entity(*keys_of(call_id))
        except ResourceNotFoundError as error:
            check_table(error)
            return Row()
        etag = entity.metadata["etag"]
        call = decode(entity, call_id, etag)
        unknown = {name: value for name, value in entity.items() if not _KNOWN.fullmatch(name)}
        return Row(call, etag, unknown, entity.get("next_check_at"), entity.get(lists.MARKER, ""))

    async def write(self, row: Row, call: Call) -> Row:
        """Save the call over the row it was made from. Raises Conflict if the row has changed since."""
        await self._add_to_index(call, row.call)
        entity = encode(call, row)
        change = None if _leases(call, row.call) else lists.change(call.id, entity, row.listed)
        listed = change.marker if change else row.listed
        entity |= {lists.MARKER: listed} if listed else {}
        try:
            etag = await self._save(entity, row.etag, change)
        except (ResourceExistsError, ResourceModifiedError):
            raise Conflict(call.id) from None
        except ResourceNotFoundError as error:
            if row.etag is None:  # the table is missing; the SDK does not decode this error here
                raise
            check_table(error)
            raise Conflict(call.id) from None
        return Row(call, etag, row.unknown, row.checked_next, listed)

    async def _save(self, entity: dict[str, Any], etag: str | None, change: lists.Change | None) -> str:
        """Write the row, with the rows of lists that change. Returns its new ETag."""
        if change is not None:
            return await self._save_with_lists(entity, etag, change)
        if etag is None:
            return str((await self._calls.create_entity(entity))["etag"])
        return str((await self._calls.update_entity(entity, **_over(etag)))["etag"])

    async def _save_with_lists(self, entity: dict[str, Any], etag: str | None, change: lists.Change) -> str:
        from azure.data.tables import TableTransactionError

        row: Any = ("create", entity) if etag is None else ("update", entity, _over(etag))
        written: list[Any] = [("upsert", each, {"mode": "replace"}) for each in change.written]
        deleted: list[Any] = [("delete", each) for each in change.deleted]
        try:
            return str((await self._calls.submit_transaction([row, *written, *deleted]))[0]["etag"])
        except TableTransactionError as error:
            if _code(error) == "ResourceNotFound" and deleted:  # a row to delete may be missing
                return await self._save_with_lists(entity, etag, replace(change, deleted=()))
            raise _plain(error) from error

    async def postpone(self, row: UnreadableRow, now: datetime) -> None:
        """Postpone the next check of an unreadable row that is due: by a minute, then by twice as long each time, up
        to an hour. The rest of the row is not changed.
        """
        due = row.entity.get("next_check_at")
        if due is None or due > now:
            return
        pause = min(2 * row.entity.get(PAUSE, SHORTEST_PAUSE // 2), LONGEST_PAUSE)
        changed: dict[str, Any] = entity_keys(row.call_id) | {PAUSE: pause}
        changed["next_check_at"] = now + timedelta(seconds=pause)
        try:
            await self._calls.update_entity(
                changed, mode="merge", etag=row.etag, match_condition=MatchConditions.IfNotModified
            )
        except ResourceModifiedError:  # by a version that can read it
            return

    async def call_of_recording(self, recording_id: str) -> str | None:
        """The id of the call that a recording belongs to; None as long as it is not in the index. A recording whose id
        the app has not received can be found by its server call id.
        """
        try:
            entity = await self._index.get_entity(_recording_key(recording_id), "call")
        except ResourceNotFoundError as error:
            check_table(error)
            return None
        return str(entity["call_id"])

    async def due(self, partitions: tuple[str, str], now: datetime) -> AsyncIterator[str]:
        """The ids of the calls in a range of partitions whose next check is due."""
        query = "PartitionKey ge @first and PartitionKey lt @last and next_check_at le @now"
        parameters = {"first": partitions[0], "last": partitions[1], "now": now}
        async for entity in self._calls.query_entities(query, select=["RowKey"], parameters=parameters):
            yield id_of(entity["RowKey"])

    async def _add_to_index(self, call: Call, before: Call | None) -> None:
        recordings = _indexed(call, before) - (_indexed(before) if before else set())
        partitions = lists.indexed(call) - (lists.indexed(before) if before else set())
        rows = [{"PartitionKey": _recording_key(id), "RowKey": "call", "call_id": call.id} for id in sorted(recordings)]
        rows += [lists.index_row(call.id, partition) for partition in sorted(partitions)]
        await asyncio.gather(*(self._index.upsert_entity(row) for row in rows))


# -- Keys --------------------------------------------------------------------------------------------------------


def _recording_key(recording_id: str) -> str:
    """The partition of a recording in the index. Ids are Base64, whose ``/`` and ``+`` are replaced."""
    safe = recording_id.replace("+", "-").replace("/", "_").rstrip("=")
    return f"recording {safe if _SAFE.fullmatch(safe) else hashlib.sha256(recording_id.encode()).hexdigest()}"


def _indexed(call: Call, before: Call | None = None) -> set[str]:
    """The names of a call in the index: the ids of its recordings, and its server call id if a recording's id may be
    unknown. Events about recordings of another application's call reach this app too: such a call has a name apart.

    The response that names a recording and the event that it has started often arrive together: the name is added with
    the response. If that is lost, it is added when the recording stops, has a file, or the call ends.
    """
    over = call.state.is_settled
    recordings = call.recording.recordings.items()
    found = {id for id, each in recordings if over or each.was_accepted or each.stopped_at or each.chunks}
    if call.server_call_id and call.state is CallState.NOT_OURS:
        found.add(not_ours(call.server_call_id))
    elif call.server_call_id and recording.is_unnamed(call, call.recording, before):
        found.add(call.server_call_id)
    return found


def not_ours(server_call_id: str) -> str:
    """The name in the index of another application's call. This app can have a leg of the same call."""
    return f"foreign {server_call_id}"


# -- Writing -----------------------------------------------------------------------------------------------------

_ERRORS: Mapping[str, type[HttpResponseError]] = {
    "EntityAlreadyExists": ResourceExistsError,
    "UpdateConditionNotSatisfied": ResourceModifiedError,
    "ResourceNotFound": ResourceNotFoundError,
    "TableNotFound": ResourceNotFoundError,
}


def _plain(error: HttpResponseError) -> HttpResponseError:
    """The error of a transaction as that of a single request."""
    plain = _ERRORS.get(_code(error), HttpResponseError)(error.message, response=error.response)
    vars(plain)["error_code"] = _code(error)
    return plain


def _code(error: Exception) -> str:
    return str(getattr(error, "error_code", ""))


def _over(etag: str) -> dict[str, Any]:
    return {"mode": "replace", "etag": etag, "match_condition": MatchConditions.IfNotModified}


def _leases(call: Call, before: Call | None) -> bool:
    """Whether this write leases effects, whose outcome is another write."""
    earlier = {(effect.id, effect.tries) for effect in before.effects} if before else set()
    return any(each.leased_until and (each.id, each.tries) not in earlier for each in call.effects)


# -- From a call to an entity, and back --------------------------------------------------------------------------

_APART = {"operations", "outbox", "effects", "timeline"}  # with properties of their own
_BASE = tuple(name for name in BaseCall.__struct_fields__ if name not in _APART)
_COLUMNS = tuple(name for each in CAPABILITIES for name in each.columns(BaseCall(id=""), each.part()))
_PARTS: Mapping[str, type[Struct]] = {
    each.name: type(each.part()) for each in CAPABILITIES if each.name in Call.__struct_fields__
} | {"operations": Operations, OUTBOX: Outbox}
_WANTED_BY = {"operations": COMMANDS}  # the effects that are saved with a part are those that its capability wants
_KEYS = ("PartitionKey", "RowKey", "Timestamp")
_FIXED = (*_KEYS, "version", "state", "connected_at", "ended_at", "next_check_at", PAUSE, lists.MARKER)
_KNOWN = re.compile(rf"{'|'.join((*_FIXED, *_COLUMNS))}|({'|'.join(('call', 'timeline', *_PARTS))})(_z)?(_\d+)?")


@cache
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    """Made when it is first used: a decoder of all actions takes milliseconds to make."""
    return msgspec.json.Decoder(shape)


def encode(call: Call, row: Row) -> dict[str, Any]:
    """The entity of a call, with the properties of its row that this version does not know."""
    columns: dict[str, Any] = entity_keys(call.id) | {
        "version": VERSION,
        "state": call.state.value,
        "connected_at": call.connected_at,
        "ended_at": call.ended_at,
        "next_check_at": _checked_next(call, row),
    }
    for each in CAPABILITIES:
        columns |= each.columns(call, getattr(call, each.name, None) or each.part())
    entity = row.unknown | {name: value for name, value in columns.items() if value is not None}
    entity |= _pieces("call", BaseCall(**{name: getattr(call, name) for name in _BASE}))
    entity |= _pieces("timeline", call.timeline)
    for name in _PARTS:
        effects = tuple(e for e in call.effects if e.wanted_by == _WANTED_BY.get(name, name))
        saved = Saved(msgspec.Raw(_encoder.encode(getattr(call, name))), effects)
        if saved != Saved():
            entity |= _pieces(name, saved)
    return entity


def _checked_next(call: Call, row: Row) -> datetime | None:
    """When to check the call next. The deadlines of an unknown capability are not known: the row's own time stays."""
    moments = (next_check_at(call), row.checked_next if row.unknown else None)
    return min((moment for moment in moments if moment is not None), default=None)


def decode(entity: Mapping[str, Any], call_id: str = "", etag: str | None = None) -> Call:
    """The call of an entity. Raises UnreadableRow."""
    version = entity.get("version")
    if version != VERSION:
        newer = isinstance(version, int) and version > VERSION
        reason = f"it has version {version}, and this app reads {VERSION}"
        raise UnreadableRow(call_id, reason, entity, etag, is_newer=newer)
    try:
        return _decode(entity)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, zlib.error) as error:
        newer = isinstance(error, msgspec.ValidationError) and str(error).endswith(NEWER)
        raise UnreadableRow(call_id, type(error).__name__, entity, etag, is_newer=newer) from None


def _decode(entity: Mapping[str, Any]) -> Call:
    base = _decoder(BaseCall).decode(_joined(entity, "call"))
    known: dict[str, Any] = {name: getattr(base, name) for name in _BASE}
    effects: list[Effect] = []
    for name, shape in _PARTS.items():
        is_there = f"{name}_z" in entity or name in entity
        saved = _decoder(Saved).decode(_joined(entity, name)) if is_there else Saved()
        known[name] = _decoder(shape).decode(saved.part)
        effects += saved.effects
    timeline = _decoder(Timeline).decode(_joined(entity, "timeline"))
    return Call(**known, effects=tuple(sorted(effects, key=lambda e: e.id)), timeline=timeline)


def _pieces(name: str, value: Any) -> dict[str, Any]:
    """A value's JSON as properties ``name``, ``name_1``, …, each within the limit of a property.

    Long values are compressed, into ``name_z``, ``name_z_1``, …, so that a call of many thousand events stays within
    the limit of an entity.
    """
    encoded = _encoder.encode(value)
    if len(encoded) > LONG:
        return _cut(f"{name}_z", zlib.compress(encoded), BINARY_PIECE)
    return _cut(name, encoded.decode(), PIECE)


def _cut(name: str, whole: Any, size: int) -> dict[str, Any]:
    starts = range(0, len(whole), size)
    return {f"{name}_{n}" if n else name: whole[start : start + size] for n, start in enumerate(starts)}


def _joined(entity: Mapping[str, Any], name: str) -> bytes:
    if f"{name}_z" in entity:
        return zlib.decompress(b"".join(_uncut(entity, f"{name}_z")))
    return "".join(_uncut(entity, name)).encode()


def _uncut(entity: Mapping[str, Any], name: str) -> Iterator[Any]:
    yield entity[name]
    n = 1
    while (more := entity.get(f"{name}_{n}")) is not None:
        yield more
        n += 1


def check_table(error: ResourceNotFoundError) -> None:
    """Raise the error if the table is missing, which is a fault of the deployment; a missing row is none."""
    if getattr(error, "error_code", None) == "TableNotFound":
        raise error
