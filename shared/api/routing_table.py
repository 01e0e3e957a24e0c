"""The routes by their paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from shared.api.problems import Problem
from shared.api.route import Route


class Entry(Struct, frozen=True):
    """All methods of one path. A segment is a literal, or a parameter with its name."""

    segments: tuple[tuple[str, re.Pattern[str]], ...]
    methods: Mapping[str, Route]

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """The parameters of the path; None if it is another path."""
        if len(segments) != len(self.segments):
            return None
        pairs = list(zip(self.segments, segments, strict=True))
        if not all(pattern.fullmatch(given) for (_, pattern), given in pairs):
            return None
        return {name: given for (name, _), given in pairs if name}

    def route(self, method: str) -> Route:
        route = self.methods.get("GET" if method == "HEAD" else method)
        if route is None:
            raise Problem("NoSuchMethod", headers={"Allow": self.allow})
        return route

    @property
    def allow(self) -> str:
        return ", ".join(sorted({*self.methods, "OPTIONS"} | ({"HEAD"} if "GET" in self.methods else set())))


class RoutingTable:
    """Raises ValueError for a route without roles, one that is public, or one that is there already."""

    def __init__(self, routes: Iterable[Route]) -> None:
        paths: dict[str, dict[str, Route]] = {}
        operations: set[str] = set()
        for route in routes:
            _check(route)
            if route.operation in operations or route.method in paths.get(route.path, ()):
                raise ValueError(f"{route.operation}, {route.method} {route.path}, is there already")
            operations.add(route.operation)
            paths.setdefault(route.path, {})[route.method] = route
        self._entries = [_entry(path, methods) for path, methods in paths.items()]

    def find(self, segments: list[str]) -> tuple[Entry, dict[str, str]]:
        """The entry of a path, and its parameters. Raises Problem."""
        for entry in self._entries:
            parameters = entry.match(segments)
            if parameters is not None:
                return entry, parameters
        raise Problem("NoSuchPath")


def _check(route: Route) -> None:
    if not (route.roles or route.public):
        raise ValueError(f"{route.operation} names no roles, so no caller could use it")
    if route.public and route.path != "openapi.json":
        raise ValueError(f"{route.operation} is public, which only the OpenAPI document may be")


def _entry(path: str, methods: Mapping[str, Route]) -> Entry:
    parameters = next(iter(methods.values())).parameters
    return Entry(tuple(_segment(part, parameters) for part in path.split("/")), methods)


def _segment(part: str, parameters: Mapping[str, Any]) -> tuple[str, re.Pattern[str]]:
    if not part.startswith("{"):
        return "", re.compile(re.escape(part))
    name = part.strip("{}")
    return name, re.compile(parameters[name].pattern or "")
