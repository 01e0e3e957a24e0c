"""Kinds of values: the texts that a setting can have, in words, and how they are parsed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from shared.platform.guids import GUID as GUID_PATTERN
from shared.platform.guids import is_guid
from shared.platform.settings.urls import has_scheme, on_loopback

Value = TypeVar("Value")
Option = TypeVar("Option", bound=str)

LINKED = "linked"  # RESOURCE_ACCOUNTS: the accounts that are linked to the ACS resource

# An object id, or a raw id: 28:orgid:{object id}, 8:acs:…, 4:+…
_ACCOUNT = re.compile(rf"(28:orgid:)?({GUID_PATTERN})|\d+:(?!orgid:)\S+")
_NUMBER = re.compile(r"\+?[0-9]{2,15}")
_RESOURCE_ID = re.compile(r"(?i)/subscriptions/[\w-]+/resourceGroups/[\w.()-]+/providers/Microsoft\.EventGrid/[\w/.-]+")


@dataclass(frozen=True)
class Kind(Generic[Value]):
    """``allowed`` completes *set it to …*, in Markdown; ``parse`` raises ValueError for all other texts."""

    allowed: str
    parse: Callable[[str], Value]


def optional(kind: Kind[Value]) -> Kind[Value | None]:
    """The same, or None where the text is empty."""
    return Kind(kind.allowed, lambda text: kind.parse(text) if text else None)


def one_of(*options: Option) -> Kind[Option]:
    """One of several words, in any case of letters."""
    return Kind(_either(options), lambda text: _found(text.lower(), {option: option for option in options}))


def at_most(largest: int) -> Kind[int]:
    """A number from 0."""

    def parse(text: str) -> int:
        _require(text.isascii() and text.isdigit() and int(text) <= largest)
        return int(text)

    return Kind(f"a number from 0 to {largest}", parse)


def between(smallest: int, largest: int) -> Kind[int]:
    def parse(text: str) -> int:
        _require(text.isascii() and text.isdigit() and smallest <= int(text) <= largest)
        return int(text)

    return Kind(f"a number from {smallest} to {largest}", parse)


SWITCH = Kind[bool]("`on` or `off`", lambda text: _found(text.lower(), {"on": True, "off": False}))


def some_of(*options: str) -> Kind[frozenset[str]]:
    """Any number of words, separated by commas."""

    def parse(text: str) -> frozenset[str]:
        return frozenset(_found(word, dict(zip(options, options, strict=True))) for word in words_of(text))

    return Kind(f"some of {', '.join(f'`{option}`' for option in options)}, separated by commas", parse)


def words_of(text: str) -> tuple[str, ...]:
    """The entries of a list that is separated by commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def readable_accounts(text: str) -> str:
    """The valid entries of a list of resource accounts."""
    return ",".join(word for word in words_of(text) if _ACCOUNT.fullmatch(word.lower()))


def microsofts(*urls: str) -> Kind[str]:
    """An endpoint that tokens are sent to, always with TLS: of one of Microsoft's clouds, or on this machine."""

    def parse(text: str) -> str:
        url = text.rstrip("/") if "://" in text else f"https://{text.rstrip('/')}"
        _require(url in urls or (on_loopback(url) and url.startswith("https://")))
        return url

    return Kind(f"{_either(urls)} (or, for the emulator, an https:// URL of this machine)", parse)


def microsofts_or_loopback(url: str) -> Kind[str]:
    """A URL for verifying callbacks: Microsoft's, or one of this machine."""

    def parse(text: str) -> str:
        given = text.rstrip("/")
        _require(given == url or (on_loopback(given) and _is_safe(given)))
        return given

    return Kind(f"`{url}` (or, for the emulator, a URL of this machine)", parse)


def _accounts(text: str) -> tuple[str, ...]:
    words = tuple(word.lower() for word in words_of(text))
    _require(words == (LINKED,) or all(_ACCOUNT.fullmatch(word) for word in words))
    return words


def _numbers(text: str) -> tuple[str, ...]:
    numbers = words_of(text)
    _require(all(_NUMBER.fullmatch(number) for number in numbers))
    return numbers


def _guid(text: str) -> str:
    _require(is_guid(text))
    return text.lower()


def _guids(text: str) -> tuple[str, ...]:
    guids = tuple(_guid(word) for word in words_of(text))
    _require(guids)
    return guids


def _safe_url(text: str) -> str:
    _require(_is_safe(text))
    return text.rstrip("/")


def _is_safe(url: str) -> bool:
    return has_scheme(url, "https", "http")


def _https_url(text: str) -> str:
    _require(has_scheme(text, "https"))
    return text.rstrip("/")


def _loopback_url(text: str) -> str:
    _require(on_loopback(text) and _is_safe(text))
    return text.rstrip("/")


def _websocket_url(text: str) -> str:
    _require(has_scheme(text, "wss", "ws"))
    return text


def _container_url(text: str) -> str:
    url = _safe_url(text)
    _require(urlsplit(url).path and not urlsplit(url).query)  # ACS writes by its own identity, without a SAS
    return url


def _event_grid_id(text: str) -> str:
    _require(_RESOURCE_ID.fullmatch(text.rstrip("/")))
    return text.rstrip("/")


def _connection_string(text: str) -> str:
    if text != "UseDevelopmentStorage=true":
        parts = {name.lower(): value for name, _, value in (part.partition("=") for part in text.split(";") if part)}
        endpoints = [url for name, url in parts.items() if name.endswith("endpoint")]
        plain = parts.get("defaultendpointsprotocol", "https") != "https" and not endpoints
        _require(all(parts.values()) and (endpoints or "accountname" in parts))
        _require(not plain and all(_is_safe(url) for url in endpoints))
    return text


def _require(holds: object) -> None:
    if not holds:
        raise ValueError  # without a text: no error quotes a value


def _found(word: str, options: dict[str, Value]) -> Value:
    _require(word in options)
    return options[word]


def _either(options: tuple[str, ...]) -> str:
    *others, last = (f"`{option}`" for option in options)
    return f"{', '.join(others)} or {last}" if others else last


TEXT = Kind("text", str)
ACCOUNTS = Kind(
    f"object ids or raw ids (`28:orgid:…`) of resource accounts, separated by commas, or the word `{LINKED}` alone",
    _accounts,
)
NUMBERS = Kind("phone numbers, as they are dialled or in E.164, separated by commas", _numbers)
GUID = Kind("a GUID", _guid)
GUIDS = Kind("GUIDs, separated by commas", _guids)
URL = Kind("an `https://` URL (`http://` on this machine alone)", _safe_url)
HTTPS_URL = Kind("an `https://` URL", _https_url)
LOOPBACK_URL = Kind("a URL of the emulator on this machine", _loopback_url)
WEBSOCKET_URL = Kind("a `wss://` URL (`ws://` on this machine alone)", _websocket_url)
CONTAINER_URL = Kind("an `https://` URL of a blob container, with the container's name", _container_url)
EVENT_GRID_ID = Kind("a resource id, `/subscriptions/…/providers/Microsoft.EventGrid/…`", _event_grid_id)
CONNECTION_STRING = Kind(
    "a whole connection string, with `https://` endpoints except on this machine", _connection_string
)
