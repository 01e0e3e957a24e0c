"""Routing plans from JSON documents. All errors of a document are reported at once, by the field's path."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from shared.calls.plans.document import Plan
from shared.calls.plans.shapes import LONGEST_NAME, Problem, problems

MOST_PROBLEMS = 100  # that are reported


class InvalidPlan(ValueError):
    """A document is not a plan. ``problems`` has one entry at least."""

    def __init__(self, found: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{each.path}: {each.text}" if each.path else each.text for each in found))
        self.problems = found


def read(document: bytes) -> Plan:
    """The plan of a document. Raises InvalidPlan. What the steps lead to is checked by ``checking``."""
    try:
        given, repeated = msgspec.json.decode(document), _repeated(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidPlan((Problem("", f"the document is not valid JSON: {error}"),)) from None
    if isinstance(given, dict):
        given.pop("$schema", None)  # for editors
    found = tuple(islice(_found(given, repeated), MOST_PROBLEMS))
    if found:
        raise InvalidPlan(found)
    return msgspec.convert(given, Plan)


def _found(given: Any, repeated: Iterable[str]) -> Iterator[Problem]:
    for name in dict.fromkeys(repeated):
        yield Problem("", f'the name "{name[:LONGEST_NAME]}" stands twice in one object: the first would be ignored')
    yield from problems(given, Plan)


def _repeated(document: bytes) -> list[str]:
    """The names that an object has more than once: JSON allows it, and readers keep the last one."""
    found: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        counts = Counter(name for name, _ in pairs)
        found.extend(name for name, count in counts.items() if count > 1)

    json.loads(document, object_pairs_hook=note)
    return found
