"""Azure Storage in memory: the part of the Table, Blob and Queue REST protocols that the app uses.

What the product stands on is as strict as the service: conditional writes, keys, the limits of a row. What it does
not use is refused with a 501, so that nothing passes by accident.
Sources: Microsoft Learn, "Table service REST API", "Blob service REST API", "Queue service REST API"; "Understanding
the Table service data model" (64 KiB a property, 1 MiB an entity, 255 properties).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

import msgspec

from emulator.clock import stamp
from shared.storage.lists import PREFIX

LARGEST_PROPERTY = 64 * 1024  # bytes; a string counts two for each of its characters (UTF-16)
LARGEST_ENTITY = 1024 * 1024
MOST_PROPERTIES = 255
LARGEST_MESSAGE = 64 * 1024
HTTP_ERROR = 400
LISTS = "lists of calls"

_KEYS = re.compile(r"\(PartitionKey='((?:[^']|'')*)',RowKey='((?:[^']|'')*)'\)$")
_TERM = re.compile(r"(\w+) (eq|ge|gt|le|lt) (?:(datetime)?'((?:[^']|'')*)'|(true|false))")


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class HttpRequest:
    """A request as it reaches a service."""

    method: str
    url: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @cached_property
    def path(self) -> str:
        """The path without the account: ``calls`` for ``/devstoreaccount1/calls``."""
        return unquote(urlsplit(self.url).path).split("/", 2)[2]

    @cached_property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}


def _reply(status: int, value: Any, **headers: str) -> Reply:
    body = msgspec.json.encode(value)
    return Reply(status, body, {"Content-Type": "application/json;odata=minimalmetadata", **headers})


# -- Tables --


@dataclass(frozen=True)
class Entity:
    properties: dict[str, Any]
    etag: str


class Tables:
    """``written`` is called with the table and the properties of each entity that is written.

    The rows of lists are rows of the table of calls. They are kept apart, as ``LISTS``, from those of calls.
    """

    def __init__(self, names: list[str], now: Callable[[], datetime]) -> None:
        self.rows: dict[str, dict[tuple[str, str], Entity]] = {name: {} for name in (*names, LISTS)}
        self._changes: list[tuple[str, dict[str, Any]]] = []
        self.written: list[Callable[[str, dict[str, Any]], None]] = []
        self._now = now
        self._versions = 0

    def put(self, name: str, properties: dict[str, Any]) -> None:
        """Insert an initial row."""
        self._write(name, (properties["PartitionKey"], properties["RowKey"]), properties)
        self._changes.clear()

    def handle(self, request: HttpRequest) -> Reply:
        reply = self._transaction(request) if request.path == "$batch" else self._handle(request)
        changes, self._changes = self._changes, []
        for name, properties in changes:
            for written in self.written:
                written(name, properties)
        return reply

    def _transaction(self, request: HttpRequest) -> Reply:
        """All of the requests, or none: an entity group transaction, which is of one partition and one table."""
        before = {name: dict(rows) for name, rows in self.rows.items()}
        replies = []
        for each in _parts(request):
            reply = self._handle(each)
            replies.append(reply)
            if reply.status >= HTTP_ERROR:
                for name, rows in self.rows.items():
                    rows.clear()
                    rows.update(before[name])
                self._changes.clear()
                replies = [reply]
                break
        return _batch_reply(replies)

    def _handle(self, request: HttpRequest) -> Reply:
        path = request.path
        keys = _KEYS.search(path)
        name = path[: keys.start()] if keys else path.removesuffix("()")
        if name not in self.rows:
            return table_error(404, "TableNotFound")
        if keys is None:
            return self._insert(name, request) if request.method == "POST" else self._query(name, request)
        key = (keys[1].replace("''", "'"), keys[2].replace("''", "'"))
        name = LISTS if key[1].startswith(PREFIX) else name
        match request.method:
            case "GET":
                return self._get(name, key)
            case "PUT" | "PATCH" | "MERGE":
                return self._update(name, key, request)
            case "DELETE":
                return self._delete(name, key, request)
        return table_error(501, "NotImplemented")

    def _insert(self, name: str, request: HttpRequest) -> Reply:
        properties = msgspec.json.decode(request.body)
        key = (properties["PartitionKey"], properties["RowKey"])
        if key in self.rows[name]:
            return table_error(409, "EntityAlreadyExists")
        return self._write(name, key, properties)

    def _get(self, name: str, key: tuple[str, str]) -> Reply:
        entity = self.rows[name].get(key)
        if entity is None:
            return table_error(404, "ResourceNotFound")
        return _reply(200, {"odata.etag": entity.etag, **entity.properties}, ETag=entity.etag)

    def _update(self, name: str, key: tuple[str, str], request: HttpRequest) -> Reply:
        before = self.rows[name].get(key)
        wanted = request.headers.get("if-match")
        if wanted is not None and before is None:
            return table_error(404, "ResourceNotFound")
        if wanted not in (None, "*") and before is not None and wanted != before.etag:
            return table_error(412, "UpdateConditionNotSatisfied")
        properties = msgspec.json.decode(request.body)
        if request.method != "PUT" and before is not None:
            properties = before.properties | properties
        return self._write(name, key, properties)

    def _delete(self, name: str, key: tuple[str, str], request: HttpRequest) -> Reply:
        entity = self.rows[name].get(key)
        if entity is None:
            return table_error(404, "ResourceNotFound")
        if request.headers.get("if-match", "*") not in ("*", entity.etag):
            return table_error(412, "UpdateConditionNotSatisfied")
        del self.rows[name][key]
        return Reply(204)

    def _write(self, name: str, key: tuple[str, str], properties: dict[str, Any]) -> Reply:
        properties = properties | {"PartitionKey": key[0], "RowKey": key[1]}
        if code := _too_large(properties):
            return table_error(400, code)
        self._versions += 1
        etag = f"W/\"datetime'{self._versions}'\""
        timestamp = {"Timestamp": stamp(self._now()), "Timestamp@odata.type": "Edm.DateTime"}
        self.rows[name][key] = Entity(properties | timestamp, etag)
        self._changes.append((name, properties))
        return Reply(204, headers={"ETag": etag})

    def _query(self, name: str, request: HttpRequest) -> Reply:
        wanted = request.query
        holds = _filter(wanted.get("$filter", ""))
        columns = wanted.get("$select", "").split(",") if "$select" in wanted else None
        found = [
            {"odata.etag": entity.etag}
            | {k: v for k, v in entity.properties.items() if columns is None or k.partition("@")[0] in columns}
            for _, entity in sorted(self.rows[name].items())
            if holds(entity.properties)
        ]
        return _reply(200, {"value": found})


def _parts(request: HttpRequest) -> list[HttpRequest]:
    """The requests of a transaction's body."""
    boundary = re.findall(rb"--(changeset_[\w-]+)\r\n", request.body)[0]
    parts = request.body.split(b"--" + boundary)[1:-1]
    return [_part(part.partition(b"\r\n\r\n")[2]) for part in parts]


def _part(text: bytes) -> HttpRequest:
    head, _, body = text.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, url, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return HttpRequest(method, url, headers, body.strip())


def _batch_reply(replies: list[Reply]) -> Reply:
    parts = []
    for n, reply in enumerate(replies):
        headers = {"Content-ID": str(n + 1), **reply.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        parts.append(f"HTTP/1.1 {reply.status} \r\n{lines}\r\n".encode() + reply.body)
    opening = b"\r\n--changeset\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    changes = b"".join(opening + part for part in parts) + b"\r\n--changeset--"
    body = b"--batch\r\nContent-Type: multipart/mixed; boundary=changeset\r\n" + changes + b"\r\n--batch--"
    return Reply(202, body, {"Content-Type": "multipart/mixed; boundary=batch"})


def plain(properties: dict[str, Any]) -> dict[str, Any]:
    """An entity's properties as the SDK gives them: binary ones decoded, annotations gone."""
    binary = {name for name in properties if properties.get(f"{name}@odata.type") == "Edm.Binary"}
    return {
        name: base64.b64decode(value) if name in binary else value
        for name, value in properties.items()
        if "@" not in name
    }


def _size(value: Any) -> int:
    return 2 * len(value) if isinstance(value, str) else len(value) if isinstance(value, bytes) else 8


def _too_large(properties: dict[str, Any]) -> str | None:
    sizes = {name: _size(value) for name, value in plain(properties).items()}
    if max(sizes.values()) > LARGEST_PROPERTY:
        return "PropertyValueTooLarge"
    if sum(sizes.values()) + sum(2 * len(name) for name in sizes) > LARGEST_ENTITY:
        return "EntityTooLarge"
    return "TooManyProperties" if len(sizes) > MOST_PROPERTIES else None


def _filter(text: str) -> Callable[[dict[str, Any]], bool]:
    """A filter of comparisons joined by ``and``. Raises ValueError for anything else."""
    terms = []
    for term in filter(None, text.split(" and ")):
        found = _TERM.fullmatch(term.strip("() "))
        if found is None:
            raise ValueError(f"a filter that is not emulated: {term}")
        wanted = found[5] == "true" if found[5] else found[4].replace("''", "'")
        terms.append((found[1], found[2], found[3] is not None, wanted))
    return lambda properties: all(_compare(properties.get(n), op, v, dated) for n, op, dated, v in terms)


def _compare(value: Any, operator: str, wanted: str | bool, dated: bool) -> bool:
    if value is None:
        return False
    a: Any = value
    b: Any = wanted
    if dated:
        a, b = datetime.fromisoformat(value), datetime.fromisoformat(str(wanted))
    return bool({"eq": a == b, "ge": a >= b, "gt": a > b, "le": a <= b, "lt": a < b}[operator])


def table_error(status: int, code: str) -> Reply:
    error = {"odata.error": {"code": code, "message": {"lang": "en-US", "value": code}}}
    return _reply(status, error, **{"x-ms-error-code": code})


# -- Blobs --


class Blobs:
    def __init__(self, names: list[str], now: Callable[[], datetime]) -> None:
        self.blobs: dict[str, dict[str, bytes]] = {name: {} for name in names}
        self._blocks: dict[tuple[str, str], dict[str, bytes]] = {}
        self._now = now

    def handle(self, request: HttpRequest) -> Reply:
        container, _, name = request.path.partition("/")
        if container not in self.blobs:
            return blob_error(404, "ContainerNotFound")
        match request.method, request.query.get("comp"):
            case "PUT", None:
                return self._put(container, name, request, request.body)
            case "PUT", "block":
                return self._stage(container, name, request)
            case "PUT", "blocklist":
                return self._commit(container, name, request)
            case "HEAD", None:
                return self._properties(container, name)
        return blob_error(501, "NotImplemented")

    def _put(self, container: str, name: str, request: HttpRequest, content: bytes) -> Reply:
        if request.headers.get("if-none-match") == "*" and name in self.blobs[container]:
            return blob_error(409, "BlobAlreadyExists")
        self.blobs[container][name] = content
        self._blocks.pop((container, name), None)
        return Reply(201, headers={"ETag": '"0x1"', "x-ms-request-server-encrypted": "true"})

    def _stage(self, container: str, name: str, request: HttpRequest) -> Reply:
        self._blocks.setdefault((container, name), {})[request.query["blockid"]] = request.body
        return Reply(201)

    def _commit(self, container: str, name: str, request: HttpRequest) -> Reply:
        staged = self._blocks.get((container, name), {})
        ids = [element.text or "" for element in ET.fromstring(request.body)]  # noqa: S314  # the SDK's own
        if not all(id in staged for id in ids):
            return blob_error(400, "InvalidBlockList")
        return self._put(container, name, request, b"".join(staged[id] for id in ids))

    def _properties(self, container: str, name: str) -> Reply:
        content = self.blobs[container].get(name)
        if content is None:
            return Reply(404, headers={"x-ms-error-code": "BlobNotFound"})
        headers = {"Content-Length": str(len(content)), "x-ms-blob-type": "BlockBlob", "ETag": '"0x1"'}
        return Reply(200, headers=headers)


def blob_error(status: int, code: str) -> Reply:
    body = f"<?xml version='1.0' encoding='utf-8'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return Reply(status, body.encode(), {"Content-Type": "application/xml", "x-ms-error-code": code})


# -- Queues --


@dataclass
class Message:
    id: int
    text: str  # as it is on the wire
    inserted: datetime
    visible: datetime
    dequeued: int = 0

    @property
    def body(self) -> str:
        return base64.b64decode(self.text, validate=True).decode()


class Queues:
    """``changed`` is called when there is a new message."""

    def __init__(self, names: list[str], now: Callable[[], datetime]) -> None:
        self.messages: dict[str, list[Message]] = {name: [] for name in names}
        self.changed: Callable[[], None] = lambda: None
        self._now = now
        self._sent = 0

    def handle(self, request: HttpRequest) -> Reply:
        name, _, rest = request.path.partition("/")
        if name not in self.messages:
            return blob_error(404, "QueueNotFound")
        if request.method != "POST" or rest != "messages":
            return blob_error(501, "NotImplemented")
        text = ET.fromstring(request.body).findtext("MessageText") or ""  # noqa: S314  # the SDK's own
        if len(text) > LARGEST_MESSAGE:
            return blob_error(413, "RequestBodyTooLarge")
        self._add(name, text, timedelta(seconds=int(request.query.get("visibilitytimeout", "0"))))
        body = (
            "<?xml version='1.0' encoding='utf-8'?><QueueMessagesList><QueueMessage>"
            f"<MessageId>{self._sent}</MessageId><PopReceipt>r{self._sent}</PopReceipt>"
            "</QueueMessage></QueueMessagesList>"
        )
        return Reply(201, body.encode(), {"Content-Type": "application/xml"})

    def put(self, name: str, body: str) -> None:
        """Add a message directly, without a request."""
        self._add(name, base64.b64encode(body.encode()).decode(), timedelta())

    def _add(self, name: str, text: str, hidden: timedelta) -> None:
        self._sent += 1
        self.messages[name].append(Message(self._sent, text, self._now(), self._now() + hidden))
        self.changed()
