"""Loads an app's functions, by azure-functions' own metadata."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import azure.functions as func
from azure.functions import meta

# Trigger types this host can call.
HTTP, EVENT_GRID, QUEUE, TIMER = "httpTrigger", "eventGridTrigger", "queueTrigger", "timerTrigger"
SUPPORTED = frozenset({HTTP, EVENT_GRID, QUEUE, TIMER})
HTTP_GROUP = "http"


class BadApp(Exception):
    """An app that cannot be indexed; the text says why."""


@dataclass(frozen=True)
class Function:
    name: str
    call: Callable[..., Any]
    is_async: bool
    trigger: Mapping[str, Any]  # as in function.json: type, name, route, methods, queueName, schedule, …
    annotation: type | None  # of the trigger's parameter
    wants_context: bool
    returns: str | None  # the binding type of "$return"
    directory: str

    @property
    def type(self) -> str:
        return str(self.trigger["type"])

    def decode(self, data: meta.Datum, metadata: Mapping[str, meta.Datum]) -> Any:
        """The argument of the function, decoded from its trigger's data."""
        if self.annotation in (str, bytes):
            return _plain(data, self.annotation)
        return _converter(self.type).decode(data, trigger_metadata=metadata)

    def encode(self, result: Any) -> meta.Datum | None:
        """The function's return value, encoded for its binding. Raises RuntimeError or TypeError."""
        if self.returns is None:
            if result is not None:
                raise RuntimeError(f"function {self.name!r} has no binding to return to, and returned a value")
            return None
        try:
            datum = _converter(self.returns).encode(result, expected_type=None)
        except NotImplementedError as error:
            kind = type(result).__name__
            raise TypeError(f"function {self.name!r} returned {kind}: expected HttpResponse or str") from error
        return typing.cast("meta.Datum", datum)


def scaling_group(function: Function) -> str:
    """The instances that run a function on Flex Consumption: HTTP functions share theirs, and every other function
    has its own ("Per-function scaling", articles/azure-functions/flex-consumption-plan.md), by the names that the
    plan's always-ready settings use.
    """
    return HTTP_GROUP if function.type == HTTP else f"function:{function.name}"


def load(path: Path, environment: Mapping[str, str] | None = None) -> list[Function]:
    """The functions of an app file, by name. Exceptions of the import are passed on. Raises BadApp."""
    folder = str(path.resolve().parent)
    if not path.is_file():
        raise BadApp(f"{path}: there is no such file")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module = importlib.import_module(path.stem)
    found = [read(f, folder) for f in _app(module, path).get_functions()]
    if not found:
        raise BadApp(f"{path}: the app has no functions")
    return sorted((f for f in found if not _disabled(f.name, environment or {})), key=lambda f: f.name)


def read(function: Any, folder: str) -> Function:
    """One function of azure-functions as this host calls it, checked as the worker checks it. Raises BadApp."""
    name, call = function.get_function_name(), function.get_user_function()
    trigger = json.loads(json.dumps(function.get_trigger().get_dict_repr(), default=_enum))
    parameters = list(inspect.signature(call).parameters)
    wants_context = "context" in parameters and trigger["name"] != "context"
    expected = {trigger["name"], *(["context"] if wants_context else [])}
    if set(parameters) != expected:
        raise BadApp(f"function {name!r} takes {parameters}, but its trigger binds {trigger['name']!r}")
    annotation = typing.get_type_hints(call).get(trigger["name"])
    _check(name, trigger, annotation)
    is_async = inspect.iscoroutinefunction(call)
    return Function(name, call, is_async, trigger, annotation, wants_context, _returns(function), folder)


def _app(module: ModuleType, path: Path) -> Any:
    apps = [v for v in vars(module).values() if isinstance(v, func.FunctionRegister)]
    apps = list({id(app): app for app in apps}.values())
    if len(apps) != 1:
        count = "no" if not apps else "more than one"
        raise BadApp(f"{path}: there is {count} FunctionApp at the top level; exactly one is needed")
    return apps[0]


def _disabled(name: str, environment: Mapping[str, str]) -> bool:
    """By the setting of articles/azure-functions/disable-function.md, with either separator."""
    values = (environment.get(f"AzureWebJobs{dot}{name}{dot}Disabled", "") for dot in (".", "__"))
    return any(value.lower() in ("1", "true") for value in values)


def _returns(function: Any) -> str | None:
    """The type of the "$return" binding; no other output is supported."""
    found = None
    for binding in function.get_bindings():
        if binding is function.get_trigger():
            continue
        if binding.name != "$return" or binding.type != "http":
            name = function.get_function_name()
            raise BadApp(f"function {name!r}: this host has no binding {binding.type!r} ({binding.name})")
        found = binding.type
    return found


def _check(name: str, trigger: dict[str, Any], annotation: Any) -> None:
    """The check the worker makes when it loads a function."""
    converter = _converter(trigger["type"])
    if annotation is None or annotation in (str, bytes) or converter is None:
        return
    if not isinstance(annotation, type) or not converter.check_input_type_annotation(annotation):
        raise BadApp(
            f"function {name!r}: the annotation {annotation!r} of {trigger['name']!r} does not fit its "
            f"{trigger['type']}"
        )


def _converter(binding: str) -> Any:
    """azure-functions' own converter of a binding type; None if it has none."""
    return meta.get_binding_registry().get(binding)  # type: ignore[no-untyped-call]


def _plain(data: meta.Datum, annotation: Any) -> str | bytes:
    value = data.value["body"].value if data.type == "http" else data.value
    if annotation is str:
        return value.decode() if isinstance(value, bytes) else str(value)
    return value if isinstance(value, bytes) else str(value).encode()


def _enum(value: Any) -> str:
    return str(getattr(value, "value", value))
