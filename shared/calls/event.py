"""The envelope: CloudEvents of the platform, and events of this app, as typed data.

Folds and executors dispatch on the class of an event's data. The capabilities declare the class of each event type of
the platform; ``parse`` is handed their registry. An event whose type is not in the registry has a ``CallbackPayload``
as its data, and keeps its type in the envelope.

Shapes: Azure Communication Services REST API, Call Automation 2026-03-12, and azure-docs
``event-grid/communication-services-voice-video-events.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct

from shared.calls.actions import AnyAction

PREFIX = "Microsoft.Communication."  # of every event type of the platform
MEDIA_PREFIX = "TeamsPhone.Media."  # of the events of the media service
OWN_PREFIX = "TeamsPhone."  # of every event type that this app publishes for others
YEARS = range(2000, 3000)
LONGEST_NAME = 100  # characters of an unknown event type that an error quotes
LONGEST_MESSAGE = 300  # characters of a message of the platform that a row keeps


class Unreadable(ValueError):
    """An event that cannot be understood. The text says why, and quotes nothing of the payload."""


class Fact(Struct, frozen=True):
    """The data of an event."""

    in_timeline: ClassVar[bool] = True
    is_sign_of_life: ClassVar[bool] = False  # of the call, at the platform

    @property
    def codes(self) -> tuple[int, int]:
        """Code and sub-code of the platform; zeros where there are none."""
        return 0, 0

    @property
    def offered_to(self) -> tuple[str, ...]:
        """The raw ids of those for whom agents' clients are claimed."""
        return ()


# -- Payloads of the platform ------------------------------------------------------------------------------------


class Payload(Fact, frozen=True, rename="camel", kw_only=True):
    """The base of all payloads. Only fields that are used are declared, and only those that are needed are required."""

    is_sign_of_life: ClassVar[bool] = True
    prefix: ClassVar[str] = PREFIX  # of the event type, before the name of the class


class ResultInformation(Struct, frozen=True, rename="camel", kw_only=True):
    code: int | None = None
    sub_code: int | None = None
    message: str | None = None


class Identifier(Struct, frozen=True, rename="camel", kw_only=True):
    """An identity at the platform: ``28:orgid:…``, ``4:+…``, ``8:acs:…``."""

    raw_id: str


class CallbackPayload(Payload, frozen=True, kw_only=True):
    """The fields that all callbacks have in common."""

    call_connection_id: str | None = None
    server_call_id: str | None = None
    correlation_id: str | None = None
    operation_context: str | None = None
    result_information: ResultInformation | None = None

    @property
    def codes(self) -> tuple[int, int]:
        result = self.result_information
        return (result.code or 0, result.sub_code or 0) if result else (0, 0)

    @property
    def message(self) -> str:
        return ((self.result_information.message if self.result_information else None) or "")[:LONGEST_MESSAGE]


# -- Events of this app ------------------------------------------------------------------------------------------


class TimerFired(Fact, frozen=True):
    """Time has passed."""

    in_timeline: ClassVar[bool] = False


class ActionPerformed(Fact, frozen=True):
    """A request was accepted. Capabilities have subclasses with the data of the response."""

    effect_id: str
    action: AnyAction

    in_timeline: ClassVar[bool] = False


class ActionFailed(Fact, frozen=True):
    """An action failed: the request, or, if ``silent``, the wait for the event that reports its outcome.

    ``retry_after`` is the Retry-After of the response in seconds; 0 if it has none.
    """

    effect_id: str
    action: AnyAction
    code: int
    sub_code: int
    message: str
    silent: bool = False
    retry_after: float = 0.0

    @property
    def codes(self) -> tuple[int, int]:
        return self.code, self.sub_code


class OperationRequested(Fact, frozen=True):
    """A command requests an action. The event's id is the operation's, which is sent as ``operationContext``; it is
    derived from the call and the client's idempotency key.
    """

    action: AnyAction
    requested_by: str


class CallRequested(Fact, frozen=True):
    """A caller of the API requests a call to ``target`` on behalf of a resource account; both are raw ids. The names
    are those of the account in the directory. ``greeting`` is played when the call is picked up, as ``Play`` takes it.
    """

    account: str
    target: str
    requested_by: str
    tenant: str | None = None
    account_name: str | None = None
    account_number: str | None = None
    greeting: str = ""

    is_sign_of_life: ClassVar[bool] = True


class Event(Struct, frozen=True):
    """Something that happened: its id (unique, and the same when delivered again), short type, time and data.

    ``unread`` names the optional fields of the payload that could not be read.
    """

    id: str
    type: str
    at: datetime
    data: Fact
    subject: str = ""
    unread: tuple[str, ...] = ()


def own(id: str, at: datetime, data: Fact) -> Event:
    """An event of this app: its type is the name of its class."""
    return Event(id, type(data).__name__, at, data)


def timer_fired(at: datetime) -> Event:
    return own(f"timer {at.isoformat()}", at, TimerFired())


# -- Parsing -----------------------------------------------------------------------------------------------------

Shape = TypeVar("Shape", bound=Struct)
Registry = Mapping[str, type[Payload]]


def parse(  # noqa: PLR0917  # the attributes of a CloudEvent
    registry: Registry, event_type: str, event_id: str, at: datetime | None, subject: str | None, data: Any
) -> Event:
    """A CloudEvent as a typed event. Raises Unreadable."""
    prefix = MEDIA_PREFIX if event_type.startswith(MEDIA_PREFIX) else PREFIX
    if not event_type.startswith(prefix):
        raise Unreadable(f"its type does not begin with {PREFIX}")
    if not event_id:
        raise Unreadable("it has no id")
    if at is None:
        raise Unreadable("it has no time")
    if (moment := in_utc(at)).year not in YEARS:  # deadlines are calculated from it
        raise Unreadable(f"its time is not in the years {YEARS.start} to {YEARS.stop - 1}")
    name = event_type.removeprefix(prefix)
    shape = registry.get(name, CallbackPayload)
    if shape.prefix != prefix:
        raise Unreadable(f"{prefix} has no event {valid_text(name)[:LONGEST_NAME]}")
    try:
        payload, unread = read(data, shape)
    except msgspec.ValidationError as error:
        raise Unreadable(f"its data is no {name}: {without_values(error)}") from None
    return Event(valid_text(event_id), name, moment, payload, valid_text(subject or ""), unread)


def read(data: Any, shape: type[Shape]) -> tuple[Shape, tuple[str, ...]]:
    """The data as its shape, and the names of the fields that could not be read. Raises ValidationError only where a
    required field is missing or unreadable.
    """
    data = _with_valid_text(data)
    try:
        return msgspec.convert(data, shape), ()
    except msgspec.ValidationError:
        unread: list[str] = []
        return msgspec.convert(_readable(data, shape, "", unread), shape), tuple(unread)


def _readable(data: Any, shape: Any, path: str, unread: list[str]) -> Any:
    """The data without the optional parts that do not fit; ``unread`` gets their paths."""
    if _is_struct(shape) and isinstance(data, dict):
        return dict(_readable_fields(data, shape, path, unread))
    if get_origin(shape) is tuple and isinstance(data, list):
        return list(_readable_items(data, get_args(shape)[0], path, unread))
    return data


def _readable_fields(data: dict[str, Any], struct: type[Struct], path: str, unread: list[str]) -> Iterator[Any]:
    for field in msgspec.structs.fields(struct):
        if field.encode_name not in data:
            continue
        name = f"{path}{field.encode_name}"
        value = _readable(data[field.encode_name], _without_none(field.type), f"{name}.", unread)
        if field.required or _fits(value, field.type):
            yield field.encode_name, value
        else:
            unread.append(name)


def _readable_items(items: list[Any], shape: Any, path: str, unread: list[str]) -> Iterator[Any]:
    for index, item in enumerate(items):
        value = _readable(item, shape, f"{path}{index}.", unread)
        if _fits(value, shape):
            yield value
        else:
            unread.append(f"{path}{index}")


def _without_none(shape: Any) -> Any:
    """``X`` of ``X | None``."""
    options = [each for each in get_args(shape) if each is not type(None)]
    return options[0] if len(options) == 1 and type(None) in get_args(shape) else shape


def _is_struct(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, Struct)


def _fits(value: Any, shape: Any) -> bool:
    try:
        msgspec.convert(value, shape)
    except msgspec.ValidationError:
        return False
    return True


def valid_text(text: str) -> str:
    """The text with unpaired surrogates replaced: JSON can carry them, and storage takes none."""
    return text.encode(errors="replace").decode()


def _with_valid_text(value: Any) -> Any:
    match value:
        case str():
            return value if value.isascii() else valid_text(value)
        case dict():
            return {_with_valid_text(key): _with_valid_text(each) for key, each in value.items()}
        case list():
            return [_with_valid_text(each) for each in value]
    return value


def without_values(error: msgspec.ValidationError) -> str:
    """The error's text, without the values that msgspec quotes in it."""
    return re.sub(r"(['\"]).*\1", "'…'", str(error))


def in_utc(moment: datetime) -> datetime:
    """The time in UTC. One without a zone is read as UTC, as the platform writes it; so is one that in UTC would be
    outside the years 1 to 9999.
    """
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)
