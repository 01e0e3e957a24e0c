"""What the SDKs work out anew for every request, worked out faster: most of a run's time goes there.

Each shortcut gives what it takes the place of would have given, and holds for a run only. ``test_shortcuts.py`` lives
through the same worlds with and without them.
"""

from __future__ import annotations

import asyncio
import importlib
import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache, cached_property, lru_cache
from operator import attrgetter
from types import FunctionType
from typing import Any
from urllib.parse import quote, urlparse
from uuid import uuid5
from weakref import WeakSet

import azure.core.pipeline._base_async as pipeline
import azure.core.pipeline._tools_async as tools
import azure.data.tables._deserialize as entities
import azure.data.tables._serialize as written
import azure.functions.meta
from azure.core import messaging
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.rest._helpers import HttpRequestBackcompatMixin
from azure.core.settings import settings
from azure.core.utils._utils import CaseInsensitiveDict, CaseInsensitiveSet
from azure.data.tables import EdmType
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from jwt.algorithms import RSAAlgorithm
from jwt.api_jws import PyJWS

from emulator.clock import stamp
from shared.calls import effects
from shared.platform.clients import Clients

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
_taken = False


@contextmanager
def shortcuts() -> Iterator[None]:
    """Take them while this lasts, once: what changes a class makes the interpreter learn it anew."""
    global _taken  # noqa: PLW0603  # so are the classes
    if _taken or not in_use:
        yield
        return
    _taken, taken = True, _replacements()
    before = [(target, name, target.__dict__.get(name, _INHERITED)) for target, name, _ in taken]
    for target, name, instead in taken:
        setattr(target, name, instead)
    try:
        yield
    finally:
        _taken = False
        for target, name, was in before:
            if was is _INHERITED:
                delattr(target, name)
            else:
                setattr(target, name, was)


@cache
def _replacements() -> tuple[Replacement, ...]:
    found: list[Replacement] = [
        (tools, "Awaitable", Awaitable),  # typing's own looks through a dozen classes to say that None is none
        (pipeline._SansIOAsyncHTTPPolicyRunner, "send", _through_policies),
        (pipeline.AsyncPipeline, "_prepare_multipart", _prepared),
        (settings.tracing_enabled, "_user_value", False),  # as it is, but asked of the environment at every call
        (HttpRequestBackcompatMixin, "__setattr__", _set_old_name),
        *((HttpRequestBackcompatMixin, old, property(attrgetter(new))) for old, new in _OLD_NAMES.items()),
        (PyJWS, "_load", _loaded_once(PyJWS._load)),
        (RSAAlgorithm, "sign", _sign),
        (RSAAlgorithm, "verify", _verify),
        (CaseInsensitiveDict, "__init__", _new_dict),
        (CaseInsensitiveDict, "__contains__", _contains),
        (CaseInsensitiveDict, "get", _get),
        (CaseInsensitiveDict, "update", _update),
        (CaseInsensitiveSet, "__init__", _new_set),
        (effects, "uuid5", lru_cache(4096)(uuid5)),
        (azure.functions.meta, "try_parse_datetime_with_formats", _parsing(azure.functions.meta)),
        (messaging, "_convert_to_isoformat", _in_cloud_event),
        (written, "_to_utc_datetime", stamp),
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
    return (*found, *_remembering(quote), *_remembering(urlparse), *_untraced(), *_unlisted(), *_shared())


def _remembering(function: Callable[..., Any]) -> list[Replacement]:
    """The same few addresses are put together and taken apart in every module."""
    name, remembering = function.__name__, lru_cache(4096)(function)
    users = [m for n, m in sorted(sys.modules.items()) if n.startswith("azure.") and vars(m).get(name) is function]
    return [(module, name, remembering) for module in users]


def _untraced() -> list[Replacement]:
    """Methods as they are below the decorator that would trace them."""
    found: dict[tuple[Any, str], Any] = {}
    for module in [m for n, m in sorted(sys.modules.items()) if n.startswith("azure.")]:
        for kind in [each for each in vars(module).values() if isinstance(each, type)]:
            for name, method in vars(kind).items():
                if isinstance(method, FunctionType) and method.__code__.co_name == "wrapper_use_tracer":
                    found[kind, name] = method.__wrapped__  # type: ignore[attr-defined]
    return [(kind, name, method) for (kind, name), method in found.items()]


def _unlisted() -> list[Replacement]:
    """Asyncio keeps a list of all tasks, by weak references, for whoever asks."""
    lists = (getattr(asyncio.tasks, name, None) for name in ("_all_tasks", "_scheduled_tasks"))
    return [(each, "add", lambda _: None) for each in lists if isinstance(each, WeakSet)]


_CLIENTS = ("call_automation", "call_automation_once", "topic", "calls", "directory", "wakes", "_blobs")


def _shared() -> list[Replacement]:
    """Clients, which take long to build and hold nothing of the instance that uses them."""
    return [(Clients, name, _shared_by_all(name)) for name in _CLIENTS]


def _shared_by_all(name: str) -> Any:
    build = vars(Clients)[name].func
    built: dict[frozenset[tuple[str, str]], Any] = {}

    def client(self: Any) -> Any:
        environment = frozenset(self._settings._environment.items())
        if environment in built:
            return self._keep(built[environment])
        built[environment] = build(self)
        return built[environment]

    instead = cached_property(client)
    instead.__set_name__(Clients, name)
    return instead


# -- The ten policies of a pipeline, of which hardly one has anything to wait for --


class _Chain:
    """Policies one after another, up to the next one that sends requests itself. ``asks`` and ``answers`` are what
    they have to do before and after, each with the number of the policy; most have one of them, or none.
    """

    def __init__(self, first: Any) -> None:
        self.policies = []
        each = first
        while type(each) is pipeline._SansIOAsyncHTTPPolicyRunner:
            self.policies.append(each._policy)
            each = each.next
        self.beyond = each
        numbered = list(enumerate(self.policies))
        self.asks = [(n, p.on_request) for n, p in numbered if _does(p, "on_request")]
        self.answers = [(n, p.on_response) for n, p in reversed(numbered) if _does(p, "on_response")]


def _does(policy: Any, name: str) -> bool:
    return getattr(type(policy), name) is not getattr(SansIOHTTPPolicy, name)


async def _through_policies(self: Any, request: Any) -> Any:
    chain = self.__dict__.get("_chain")
    if chain is None:
        chain = self._chain = _Chain(self)
    passed = 0  # the policies that would hear of an exception
    try:
        for passed, ask in chain.asks:  # noqa: B007
            said = ask(request)
            if said is not None and isinstance(said, Awaitable):
                await said
        passed = len(chain.policies)
        response = await chain.beyond.send(request)
        for passed, answer in chain.answers:  # noqa: B007
            said = answer(request, response)
            if said is not None and isinstance(said, Awaitable):
                await said
    except Exception:
        for policy in reversed(chain.policies[:passed]):
            said = policy.on_exception(request)
            if said is not None and isinstance(said, Awaitable):
                await said
        raise
    return response


async def _prepared(self: Any, request: Any) -> None:
    if request.multipart_mixed_info:
        await _ask_to_prepare(self, request)


_ask_to_prepare = pipeline.AsyncPipeline._prepare_multipart


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
        if "basic_types_serializers" in kwargs or kwargs.get("is_xml"):
            return ask(cls, data, data_type, **kwargs)
        if data_type == "str":
            return data if type(data) is str else cls.serialize_unicode(data)
        return _BASIC[data_type](data)

    return classmethod(serialize)


# -- What is JSON already, which the generated code copies value by value --

_PLAIN = frozenset({str, int, float, bool, type(None)})
_OF_JSON = _PLAIN | {dict, list}


def _is_json(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        return all(type(name) is str and _is_json(each) for name, each in value.items())
    return kind in _PLAIN or (kind is list and all(map(_is_json, value)))


def _changes_nothing(*, is_xml: bool = False, serialization_ctxt: Any = (), **others: Any) -> bool:
    return not is_xml and "xml" not in serialization_ctxt and not others


def _for_json(owner: Any, verb: str) -> list[Replacement]:
    ask_object, ask_dict = owner.__dict__[f"{verb}_object"], owner.__dict__[f"{verb}_dict"]

    def of_object(self: Any, attr: Any, **kwargs: Any) -> Any:
        plain = type(attr) in _OF_JSON and (not kwargs or _changes_nothing(**kwargs)) and _is_json(attr)
        return attr if plain else ask_object(self, attr, **kwargs)

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


def _sign(self: Any, msg: bytes, key: rsa.RSAPrivateKey) -> bytes:
    return _signed(self.hash_alg, msg, key)


@lru_cache(1024)
def _signed(hash_alg: Any, msg: bytes, key: rsa.RSAPrivateKey) -> bytes:
    return key.sign(msg, padding.PKCS1v15(), hash_alg())


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


def _new_dict(self: Any, data: Any = None, **more: Any) -> None:
    if type(data) is dict and not more:
        self._store = {name.lower(): (name, value) for name, value in data.items()}
    else:
        self._store = {}
        self.update(data or {}, **more)


def _new_set(self: Any, data: Any = None) -> None:
    """The same few lists of names, of which every client has its own."""
    if type(data) is not set:
        _ask_for_set(self, data)
        return
    self._lower_to_original = dict(_by_lower(frozenset(data)))
    set.update(self, self._lower_to_original.values())


_ask_for_set: Any = CaseInsensitiveSet.__init__


@lru_cache(64)
def _by_lower(names: frozenset[str]) -> dict[str, str]:
    return {name.lower(): name for name in names}


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


def _in_cloud_event(text: str | None) -> Any:
    return datetime.fromisoformat(text) if text and _MICROSECONDS.fullmatch(text) else _ask_for_isoformat(text)


_ask_for_isoformat: Any = vars(messaging)["_convert_to_isoformat"]


def _moment(value: str) -> Any:
    """A property of an entity; the class remembers what it was on the wire."""
    if not _MICROSECONDS.fullmatch(value):
        return _ask_for_moment(value)
    of: Any = entities.TablesEntityDatetime
    moment = of.fromisoformat(value)
    moment._service_value = value
    return moment


_ask_for_moment: Any = entities._from_entity_datetime


def _conversions() -> dict[Any, Any]:
    return entities._ENTITY_TO_PYTHON_CONVERSIONS | {EdmType.DATETIME: _moment}
