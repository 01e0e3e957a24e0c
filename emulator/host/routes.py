"""Route templates, as ASP.NET Core reads them ("Route templates", aspnetcore/fundamentals/routing.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from emulator.host.functions import BadApp, Function

CONSTRAINTS = {
    "int": r"-?\d+", "long": r"-?\d+", "bool": r"true|false", "alpha": r"[a-z]+",
    "float": r"-?\d+(?:\.\d+)?", "double": r"-?\d+(?:\.\d+)?", "decimal": r"-?\d+(?:\.\d+)?",
    "guid": r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", "required": r"[^/]+",
}  # fmt: skip
PARAMETER = re.compile(r"\{(\*{0,2})(\w+)(?::([^}?=]+))?(?:(\?)|=([^}]*))?\}")


@dataclass(frozen=True)
class Route:
    function: Function
    template: str
    pattern: re.Pattern[str]
    methods: frozenset[str] | None  # None means all
    defaults: dict[str, str]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The route's parameters; None if the request is not for it. ``path`` is without its first slash,
        and still percent-encoded.
        """
        if self.methods is not None and method not in self.methods:
            return None
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        given = {name: unquote(value) for name, value in found.groupdict().items() if value is not None}
        return self.defaults | given


def compile_route(function: Function, prefix: str) -> Route:
    """The route of an HTTP function. Raises BadApp."""
    template = "/".join(part.strip("/") for part in (prefix, str(function.trigger.get("route") or "")) if part)
    pattern, defaults = "", dict[str, str]()
    for segment in template.split("/"):
        piece, optional = _segment(segment, function.name, defaults)
        slash = "/" if pattern else ""
        pattern += f"(?:{slash}{piece})?" if optional else slash + piece
    methods = function.trigger.get("methods")
    return Route(
        function,
        template,
        re.compile(f"{pattern}/?", re.IGNORECASE),
        frozenset(m.upper() for m in methods) if methods else None,
        defaults,
    )


def specific_first(routes: list[Route]) -> list[Route]:
    """Literal segments before parameters, parameters before the rest of a path."""

    def rank(route: Route) -> list[int]:
        return [0 if "{" not in s else 2 if "{*" in s else 1 for s in route.template.split("/")]

    return sorted(routes, key=rank)


def _segment(segment: str, name: str, defaults: dict[str, str]) -> tuple[str, bool]:
    """A segment's pattern, and whether it may be absent."""
    pattern, end, optional = "", 0, False
    for found in PARAMETER.finditer(segment):
        rest, parameter, constraint, question, default = found.groups()
        pattern += re.escape(segment[end : found.start()])
        pattern += f"(?P<{parameter}>{_constrained(rest, constraint, name)})"
        end = found.end()
        optional = optional or bool(question or rest or default is not None)
        if default is not None:
            defaults[parameter] = default
    tail = segment[end:]
    if "{" in tail or "}" in tail:
        raise BadApp(f"function {name!r}: its route has a part that cannot be read: {segment!r}")
    return pattern + re.escape(tail), optional


def _constrained(rest: str, constraint: str | None, name: str) -> str:
    if constraint is None:
        return ".*" if rest else "[^/]+"
    if constraint not in CONSTRAINTS:
        raise BadApp(f"function {name!r}: this host does not know the route constraint {constraint!r}")
    return CONSTRAINTS[constraint]
