"""The routes by their paths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from shared.api.problems import Problem
from shared.api.route import Route


class Entry(Struct, frozen=True):
    """All methods of one path. A segment is a literal, or the name of a parameter in braces."""

    segments: tuple[str, ...]
    methods: Mapping[str, Route]

    def match(self, segments: list[str]) -> dict[str, str] | None:
        """The parameters of the path; None if it is another path."""
        if len(segments) != len(self.segments):
            return None
        pairs = list(zip(self.segments, segments, strict=True))
        if not all(given and (_is_parameter(segment) or segment == given) for segment, given in pairs):
            return None
        return {segment.strip("{}"): given for segment, given in pairs if _is_parameter(segment)}

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
        entries = [Entry(tuple(path.split("/")), methods) for path, methods in paths.items()]
        # Literals come before parameters: resource-accounts/refresh is not the account "refresh".
        self._entries = sorted(entries, key=lambda entry: [_is_parameter(each) for each in entry.segments])

    def find(self, segments: list[str]) -> tuple[Entry, dict[str, str]]:
        """The entry of a path, and its parameters. Raises Problem."""
        for entry in self._entries:
            parameters = entry.match(segments)
            if parameters is not None:
                return entry, parameters
        raise Problem("NoSuchPath")


def _is_parameter(segment: str) -> bool:
    return segment.startswith("{")


def _check(route: Route) -> None:
    if {part.strip("{}") for part in route.path.split("/") if _is_parameter(part)} != set(route.parameters):
        raise ValueError(f"{route.operation} does not declare the parameters of its path")
    if not (route.roles or route.public):
        raise ValueError(f"{route.operation} names no roles, so no caller could use it")
    if route.public and route.path != "openapi.json":
        raise ValueError(f"{route.operation} is public, which only the OpenAPI document may be")
