"""What the SDKs work out anew for every request, worked out faster: most of a run's time goes there.

Each shortcut gives what it takes the place of would have given, and holds for a run only. ``test_shortcuts.py`` lives
through the same worlds with and without them.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote, urlparse
from uuid import uuid5

import azure.core.pipeline._base_async as pipeline
import azure.core.pipeline._tools_async as tools
import azure.data.tables._deserialize as entities
import azure.functions.meta
from azure.core.rest._helpers import HttpRequestBackcompatMixin
from azure.core.settings import settings
from azure.core.utils._utils import CaseInsensitiveDict
from azure.data.tables import EdmType
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from jwt.algorithms import RSAAlgorithm
from jwt.api_jws import PyJWS

import emulator.journal
from shared.calls import effects

_SERIALIZERS = (
    "azure.communication.callautomation._generated._utils.serialization",
    "azure.data.tables._generated._serialization",
    "azure.eventgrid._legacy._generated._serialization",
    "azure.storage.blob._generated._utils.serialization",
    "azure.storage.queue._generated._utils.serialization",
)
_MICROSECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"  # of the moments above

Replacement = tuple[Any, str, Any]

_INHERITED = object()

in_use = True  # what a test switches off


@contextmanager
def shortcuts() -> Iterator[None]:
    """Take them while this lasts."""
    taken = _replacements() if in_use else ()
    before = [(target, name, target.__dict__.get(name, _INHERITED)) for target, name, _ in taken]
    for target, name, instead in taken:
        setattr(target, name, instead)
    try:
        yield
    finally:
        for target, name, was in before:
            if was is _INHERITED:
                delattr(target, name)
            else:
                setattr(target, name, was)


@cache
def _replacements() -> tuple[Replacement, ...]:
    found: list[Replacement] = [
        (tools, "Awaitable", Awaitable),  # typing's own looks through a dozen classes to say that None is none
        (pipeline._SansIOAsyncHTTPPolicyRunner, "send", _through_policy),
        (settings.tracing_enabled, "_user_value", False),  # as it is, but asked of the environment at every call
        (HttpRequestBackcompatMixin, "__getattr__", _get_old_name),
        (HttpRequestBackcompatMixin, "__setattr__", _set_old_name),
        (PyJWS, "_load", _loaded_once(PyJWS._load)),
        (RSAAlgorithm, "verify", _verify),
        (CaseInsensitiveDict, "__contains__", _contains),
        (CaseInsensitiveDict, "get", _get),
        (CaseInsensitiveDict, "update", _update),
        (effects, "uuid5", lru_cache(4096)(uuid5)),
        (emulator.journal, "stamp", _stamp),
        (azure.functions.meta, "try_parse_datetime_with_formats", _parsing(azure.functions.meta)),
        (entities, "_from_entity_datetime", _moment),
        (entities, "_ENTITY_TO_PYTHON_CONVERSIONS", _conversions()),
    ]
    for name in _SERIALIZERS:
        module = importlib.import_module(name)
        found += _for_text(module.Serializer, "serialize_unicode") + _for_text(
            module.Deserializer, "deserialize_unicode"
        )
        found.append((module.Serializer, "serialize_basic", _basic(module.Serializer)))
        found += _for_json(module.Serializer, "serialize") + _for_json(module.Deserializer, "deserialize")
    return (*found, *_remembering(quote), *_remembering(urlparse))


def _remembering(function: Callable[..., Any]) -> list[Replacement]:
    """The same few addresses are put together and taken apart in every module."""
    name, remembering = function.__name__, lru_cache(4096)(function)
    users = [m for n, m in sorted(sys.modules.items()) if n.startswith("azure.") and vars(m).get(name) is function]
    return [(module, name, remembering) for module in users]


# -- The ten policies of a pipeline, of which hardly one has anything to wait for --


async def _through_policy(self: Any, request: Any) -> Any:
    policy = self._policy
    said = policy.on_request(request)
    if said is not None and isinstance(said, Awaitable):
        await said
    try:
        response = await self.next.send(request)
    except Exception:
        said = policy.on_exception(request)
        if said is not None and isinstance(said, Awaitable):
            await said
        raise
    said = policy.on_response(request, response)
    if said is not None and isinstance(said, Awaitable):
        await said
    return response


# -- Text, which the generated code makes sure of by provoking exceptions --


def _for_text(owner: Any, name: str) -> list[Replacement]:
    was = owner.__dict__[name]
    ask = was.__func__

    if isinstance(was, classmethod):

        def of_class(cls: Any, data: Any) -> Any:
            return data if type(data) is str else ask(cls, data)

        return [(owner, name, classmethod(of_class))]

    def static(data: Any) -> Any:
        return data if type(data) is str else ask(data)

    return [(owner, name, staticmethod(static))]


_BASIC: dict[str, Callable[[Any], Any]] = {"int": int, "bool": bool, "float": float}


def _basic(owner: Any) -> Any:
    """Without ``eval``, which some of them call a type by."""
    ask = owner.__dict__["serialize_basic"].__func__

    def serialize(cls: Any, /, data: Any, data_type: str, **kwargs: Any) -> Any:
        if "basic_types_serializers" in kwargs or "is_xml" in kwargs:
            return ask(cls, data, data_type, **kwargs)
        if data_type == "str":
            return data if type(data) is str else cls.serialize_unicode(data)
        return _BASIC[data_type](data)

    return classmethod(serialize)


# -- What is JSON already, which the generated code copies value by value --

_PLAIN = frozenset({str, int, float, bool, type(None)})


def _is_json(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        return all(type(name) is str and _is_json(each) for name, each in value.items())
    return kind in _PLAIN or (kind is list and all(map(_is_json, value)))


def _for_json(owner: Any, verb: str) -> list[Replacement]:
    ask_object, ask_dict = owner.__dict__[f"{verb}_object"], owner.__dict__[f"{verb}_dict"]

    def of_object(self: Any, attr: Any, **kwargs: Any) -> Any:
        return attr if not kwargs and _is_json(attr) else ask_object(self, attr, **kwargs)

    def of_dict(self: Any, attr: Any, dict_type: str, **kwargs: Any) -> Any:
        plain = not kwargs and dict_type == "object" and type(attr) is dict and _is_json(attr)
        return dict(attr) if plain else ask_dict(self, attr, dict_type, **kwargs)

    return [(owner, f"{verb}_object", of_object), (owner, f"{verb}_dict", of_dict)]


# -- Attributes of requests that once had other names --

_OLD_NAMES_SET = {name: f"_{name}" for name in ("multipart_mixed_info", "files", "data", "body")}
_OLD_NAMES = _OLD_NAMES_SET | {
    name: f"_{name}"
    for name in (
        "query", "format_parameters", "set_streamed_data_body", "set_text_body", "set_xml_body", "set_json_body",
        "set_formdata_body", "set_bytes_body", "set_multipart_mixed", "prepare_multipart_body", "serialize",
    )
}  # fmt: skip


def _get_old_name(self: Any, name: str) -> Any:
    return object.__getattribute__(self, _OLD_NAMES.get(name, name))


def _set_old_name(self: Any, name: str, value: Any) -> None:
    object.__setattr__(self, _OLD_NAMES_SET.get(name, name), value)


# -- Tokens, of which one comes with many callbacks --


def _loaded_once(load: Callable[[PyJWS, str | bytes], Any]) -> Any:
    """A token taken apart once. What it claims is checked each time."""
    apart = lru_cache(64)(lambda token: load(PyJWS(), token))

    def loaded(_: PyJWS, token: str | bytes) -> Any:
        payload, signed, header, signature = apart(token)
        return payload, signed, dict(header), signature

    return loaded


def _verify(self: Any, msg: bytes, key: rsa.RSAPublicKey, sig: bytes) -> bool:
    return _verified(self.hash_alg, msg, key.public_numbers(), sig)


@lru_cache(256)
def _verified(hash_alg: Any, msg: bytes, numbers: rsa.RSAPublicNumbers, sig: bytes) -> bool:
    try:
        numbers.public_key().verify(sig, msg, padding.PKCS1v15(), hash_alg())
    except InvalidSignature:
        return False
    return True


# -- Headers, which are compared and joined by way of several abstract classes --


def _contains(self: Any, name: str) -> bool:
    return name.lower() in self._store


def _get(self: Any, name: str, default: Any = None) -> Any:
    found = self._store.get(name.lower())
    return default if found is None else found[1]


def _update(self: Any, other: Any = (), /, **more: Any) -> None:
    if type(other) is not dict:
        _ask_for_update(self, other, **more)
        return
    for name, value in (*other.items(), *more.items()):
        self._store[name.lower()] = name, value


_ask_for_update = CaseInsensitiveDict.update


# -- Moments, which are looked at through a dozen formats --


def _parsing(module: Any) -> Any:
    ask = module.try_parse_datetime_with_formats

    def parse(text: str, formats: list[str]) -> Any:
        if _FORMAT in formats and _MICROSECONDS.fullmatch(text):
            return datetime.fromisoformat(text[:-1]), _FORMAT, None  # noqa: DTZ007, RUF100  # naive, as there
        return ask(text, formats)

    return parse


def _moment(value: str) -> Any:
    """A property of an entity; the class remembers what it was on the wire."""
    if not _MICROSECONDS.fullmatch(value):
        return _ask_for_moment(value)
    of: Any = entities.TablesEntityDatetime
    moment = of.fromisoformat(value)
    moment._service_value = value
    return moment


_ask_for_moment: Any = entities._from_entity_datetime


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _conversions() -> dict[Any, Any]:
    return entities._ENTITY_TO_PYTHON_CONVERSIONS | {EdmType.DATETIME: _moment}
