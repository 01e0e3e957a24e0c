"""Valid parameters and bodies of routes, made from their schemas."""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated, Any

import msgspec
from hypothesis import Phase, find, settings
from hypothesis.strategies import from_regex

from shared.api.route import Route


def path_of(route: Route, **known: str) -> str:
    """The route's path with valid parameters; ``known`` are given."""
    found = {
        name: known.get(name) or _text(msgspec.json.schema(Annotated[str, meta]))
        for name, meta in route.parameters.items()
    }
    return re.sub(r"\{(\w+)\}", lambda name: found[name[1]], route.path)


def body_of(route: Route) -> Any:
    """The smallest valid body; None if the route takes none."""
    if route.body is None:
        return None
    schema = msgspec.json.schema(route.body)
    return _value(schema, schema.get("$defs", {}))


def _value(schema: dict[str, Any], types: dict[str, Any]) -> Any:
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        return _value(types[schema["$ref"].rpartition("/")[2]], types)
    if "anyOf" in schema:
        return _value(schema["anyOf"][0], types)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: _value(schema["properties"][name], types) for name in schema.get("required", ())}
        case "array":
            return [_value(schema["items"], types)] * schema.get("minItems", 0)
        case "string":
            return _text(schema)
    return schema.get("minimum", 0) if schema["type"] != "boolean" else False


def _text(schema: dict[str, Any]) -> str:
    if schema.get("examples"):
        return str(schema["examples"][0])
    if schema.get("pattern"):
        return _matching(schema["pattern"])
    return "x" * max(1, schema.get("minLength") or 0)


@cache
def _matching(pattern: str) -> str:
    """Any text that matches; the smallest one would take seconds to find."""
    texts, quickly = from_regex(pattern.replace("$", r"\Z")), settings(phases=[Phase.generate], derandomize=True)
    return str(find(texts, lambda _: True, settings=quickly))
