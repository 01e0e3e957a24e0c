"""Bodies of resources in Bicep against Azure's published models: names, required, read-only, types, enumerations.

``schema.json`` is written by ``schema_extract.py``, which names the source. A value that only a deployment knows (a
parameter, an output, the result of most functions) is checked by its declared type, if it has one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tree_sitter import Node

from tests.infra.bicep import File, Resource, object_of, string_of, text_of
from tests.infra.project import Infra

SCHEMA = Path(__file__).with_name("schema.json")
Schema = dict[str, dict[str, Any]]

# Properties that Bicep adds to a resource's body.
OF_BICEP = {"dependsOn", "name", "parent", "scope"}
# API versions whose models are in no package on PyPI: the nearest published one is held against.
NEAREST_VERSION = {"Microsoft.Insights/scheduledQueryRules": "2022-08-01-preview"}  # 2023-12-01 is deployed

LITERALS = {"string", "boolean", "object", "array"}


class Place(NamedTuple):
    """The place of a value, and the schema that it is checked against."""

    file: File
    schema: Schema
    used: set[str]  # objects of the schema that were looked into
    path: str

    def at(self, name: str) -> Place:
        return self._replace(path=f"{self.path}.{name}")

    def problem(self, what: str) -> str:
        return f"{self.file.name}, {self.path}: {what}"


def published() -> Schema:
    schema: Schema = json.loads(SCHEMA.read_text())
    return schema


def check_types(infra: Infra) -> list[str]:
    schema = published()
    return [*check_bodies(infra, schema, set()), *_versions(infra, schema)]


def check_bodies(infra: Infra, schema: Schema, used: set[str]) -> list[str]:
    problems: list[str] = []
    for file in infra.files.values():
        for each in file.resources:
            place = Place(file, schema, used, each.symbol)
            problems += _existing(place, each) if each.existing else _deployed(place, each)
    return problems


def _existing(place: Place, resource: Resource) -> Iterator[str]:
    given = resource.body.properties.keys()
    yield from (place.problem(f"there is no {name}") for name in sorted(given - OF_BICEP))
    yield from _named(place, resource)


def _deployed(place: Place, resource: Resource) -> Iterator[str]:
    entry = place.schema["resources"].get(resource.type)
    if entry is None:
        yield place.problem(f"the schema has no {resource.type}: add it to schema_extract.py")
        return
    yield from _object(place, resource.body.node, entry["model"], OF_BICEP)
    yield from _named(place, resource)


def _named(place: Place, resource: Resource) -> Iterator[str]:
    if "name" not in resource.body.properties:
        yield place.problem("name is required")


def _versions(infra: Infra, schema: Schema) -> Iterator[str]:
    """The API version that is deployed is the one that was published, for existing resources too."""
    for file in infra.files.values():
        for each in file.resources:
            known = schema["resources"].get(each.type, {}).get("api_version")
            if each.api_version and known not in {each.api_version, NEAREST_VERSION.get(each.type)}:
                yield f"{file.name}, {each.symbol}: API version {each.api_version}, the schema is of {known}"


def _object(place: Place, node: Node, model: str, of_bicep: set[str]) -> Iterator[str]:
    given = {name: value for name, value in object_of(node).properties.items() if name not in of_bicep}
    model = _subtype(place, given, model)
    known = place.schema["objects"].get(model)
    if known is None:
        yield place.problem(f"the schema has no {model}: run schema_extract.py")
        return
    place.used.add(model)
    properties = known["properties"]
    for name, value in given.items():
        if name in properties:
            yield from _property(place.at(name), value, properties[name])
        else:
            yield place.problem(f"there is no {name}")
    required = {name for name, each in properties.items() if each.get("required") and not each.get("read_only")}
    yield from (place.problem(f"{name} is required") for name in sorted(required - given.keys() - of_bicep))


def _subtype(place: Place, given: dict[str, Node], model: str) -> str:
    """The model that the discriminator names; the given one if there is none."""
    subtypes = place.schema["objects"].get(model, {}).get("subtypes")
    if subtypes is None or subtypes["by"] not in given:
        return model
    place.used.add(model)
    named: str = subtypes["models"].get(string_of(given[subtypes["by"]]), model)
    return named


def _property(place: Place, node: Node, known: dict[str, Any]) -> Iterator[str]:
    if known.get("read_only"):
        yield place.problem("is read-only")
    for value in values(place.file, node):
        yield from _value(place, value, known)


def _value(place: Place, node: Node, known: dict[str, Any]) -> Iterator[str]:
    expected = known["type"]
    if node.type == "array" and expected == "array":
        yield from (problem for each in node.named_children for problem in _property(place, each, known["items"]))
    elif node.type == "object" and expected == "map":
        entries = object_of(node).properties.items()
        yield from (problem for name, each in entries for problem in _property(place.at(name), each, known["items"]))
    elif node.type == "object" and expected == "object":
        yield from _object(place, node, known["model"], set())
    else:
        yield from _scalar(place, node, known)


def _scalar(place: Place, node: Node, known: dict[str, Any]) -> Iterator[str]:
    actual, expected = kind_of(place.file, node), {"map": "object"}.get(known["type"], known["type"])
    if actual and expected not in {actual, "any"}:
        yield place.problem(f"is of the type {actual}, not {expected}")
    literal = node.type == "string" and not any(child.type == "interpolation" for child in node.named_children)
    if literal and known.get("values") and string_of(node) not in known["values"]:
        yield place.problem(f"{text_of(node)} is none of {', '.join(known['values'])}")


def values(file: File, node: Node) -> Iterator[Node]:
    """The expressions that a value can be: both sides of a condition, a variable's value, arguments of ``concat``."""
    if node.type == "ternary_expression":
        yield from (each for branch in node.named_children[1:] for each in values(file, branch))
    elif node.type == "identifier" and text_of(node) in file.variables:
        yield from values(file, file.variables[text_of(node)])
    elif node.type == "call_expression" and text_of(node.named_children[0]) in {"concat", "union"}:
        yield from (each for argument in node.named_children[1].named_children for each in values(file, argument))
    elif node.type in {"parenthesized_expression", "for_statement"}:
        yield from values(file, node.named_children[-1])
    else:
        yield node


def kind_of(file: File, node: Node) -> str:
    """The type of a literal or of a parameter; empty if it is not known."""
    if node.type == "identifier" and text_of(node) in file.params:
        declared = file.params[text_of(node)].type
        return {"int": "integer", "bool": "boolean"}.get(declared, declared)
    return {"number": "integer"}.get(node.type, node.type if node.type in LITERALS else "")


CHECKS = (check_types,)
