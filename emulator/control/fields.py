"""The fields of a control request: each is read by name and checked; whatever else is there is refused by name."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Collection, Iterable
from typing import Any

from aiohttp import web

from emulator.acs.identifiers import Identifier, parse


class ControlError(ValueError):
    """A control request that can't be carried out; the text says why."""


async def json_of(request: web.Request) -> Any:
    """The body; an empty object if there is none."""
    text = await request.text()
    try:
        return json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:
        raise ControlError(f"the body is not JSON: {error}") from error


async def fields_of(request: web.Request, what: str) -> Fields:
    return Fields(await json_of(request), what)


def unknown(name: str, known: Iterable[str], what: str) -> ControlError:
    """The error for a name that does not exist, with the nearest one that does."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(names) or 'none'}"
    return ControlError(f"{what} has no {name!r}{hint}")


class Fields:
    """A JSON object, read by name. ``done`` refuses the fields that were not read."""

    def __init__(self, value: Any, what: str) -> None:
        if not isinstance(value, dict):
            raise ControlError(f"{what} is a JSON object, not {type(value).__name__}")
        self._value, self._what, self._known = value, what, dict[str, None]()

    def __contains__(self, name: str) -> bool:
        self._known[name] = None
        return self._value.get(name) is not None

    def raw(self, name: str, default: Any = None) -> Any:
        return self._value[name] if name in self else default

    def text(self, name: str, default: str | None = None) -> str:
        value = self.raw(name, default)
        if not isinstance(value, str):
            raise ControlError(f"{name!r} is a string")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        value = self.raw(name, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ControlError(f"{name!r} is a number of seconds")
        return float(value)

    def seconds(self, name: str, default: float | None = None) -> float:
        value = self.number(name, default)
        if value < 0:
            raise ControlError(f"{name!r} is a number of seconds from 0, not {value:g}")
        return value

    def positive(self, name: str) -> float:
        value = self.raw(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
            raise ControlError(f"{name!r} is a number above 0")
        return float(value)

    def count(self, name: str, default: int | None = None, *, least: int = 0, most: int | None = None) -> int:
        value = self.raw(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least or (most and value > most):
            raise ControlError(f"{name!r} is a whole number from {least}{f' to {most}' if most else ''}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.raw(name, default)
        if not isinstance(value, bool):
            raise ControlError(f"{name!r} is true or false")
        return value

    def one_of(self, name: str, choices: Collection[str], default: str | None = None) -> str:
        value = self.raw(name, default)
        if value not in choices:
            raise ControlError(f"{name!r} is one of {', '.join(choices)}, not {value!r}")
        return str(value)

    def identifier(self, name: str, default: str | None = None) -> Identifier:
        return identifier(self.text(name, default), repr(name))

    def objects(self, name: str, what: str) -> list[Fields]:
        value = self.raw(name, [])
        if not isinstance(value, list):
            raise ControlError(f"{name!r} is a list")
        return [Fields(each, what) for each in value]

    def done(self) -> None:
        """Raises ControlError naming a field that was not asked for."""
        for name in self._value:
            if name not in self._known:
                raise unknown(name, self._known, self._what)


def identifier(text: str, where: str) -> Identifier:
    found = parse(text)
    if found["kind"] == "unknown":
        kinds = "a phone number (+…), a raw id (4:, 8:acs:, 8:orgid:, 28:orgid:) or the object id of a resource account"
        raise ControlError(f"{where} is {kinds}, not {text!r}")
    return found
