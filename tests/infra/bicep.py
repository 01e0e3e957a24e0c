"""Bicep files, parsed with tree-sitter: declarations and references.

The grammar decides whether a file is Bicep, not whether it compiles. schema.py checks resource types and properties;
the workflow runs ``az bicep build``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

_PARSER = Parser(Language(tree_sitter_bicep.language()))


@dataclass(frozen=True)
class Object:
    """An object literal: its properties in order, and its nested resources."""

    node: Node
    properties: dict[str, Node]

    def at(self, *path: str) -> Node | None:
        """The node at a path of property names, if all on the way are object literals."""
        node: Node | None = self.properties.get(path[0])
        for name in path[1:]:
            node = object_of(node).properties.get(name) if node is not None and node.type == "object" else None
        return node

    def text(self, *path: str) -> str:
        """The source at a path; empty if there is none."""
        node = self.at(*path)
        return text_of(node) if node is not None else ""


@dataclass(frozen=True)
class Resource:
    symbol: str
    type: str  # without the API version; of a nested resource with its parents' types before it
    api_version: str
    existing: bool
    body: Object
    comment: str  # the comment directly above it
    path: str  # ``storage::blobs::recordings``


@dataclass(frozen=True)
class Module:
    symbol: str
    path: str
    body: Object

    @property
    def params(self) -> Object:
        node = self.body.at("params")
        return object_of(node) if node is not None else Object(self.body.node, {})


@dataclass(frozen=True)
class Param:
    name: str
    type: str
    default: Node | None
    decorators: dict[str, str]


@dataclass
class File:
    """One Bicep file."""

    path: Path
    source: bytes = field(init=False)
    root: Node = field(init=False)

    def __post_init__(self) -> None:
        self.source = self.path.read_bytes()
        self.root = _PARSER.parse(self.source).root_node

    @property
    def name(self) -> str:
        return self.path.name

    def errors(self) -> list[str]:
        return [
            f"{self.name}:{node.start_point[0] + 1}: cannot be parsed: {text_of(node)[:60]!r}"
            for node in walk(self.root)
            if node.is_missing or node.type == "ERROR"
        ]

    @cached_property
    def params(self) -> dict[str, Param]:
        found: dict[str, Param] = {}
        decorators: dict[str, str] = {}
        for node in self.root.children:
            if node.type == "decorators":
                decorators = dict(_decorator(each) for each in node.named_children)
            elif node.type == "parameter_declaration":
                name = text_of(node.named_children[0])
                default = node.named_children[2] if len(node.named_children) > 2 else None
                found[name] = Param(name, text_of(node.named_children[1]), default, decorators)
            if node.type != "decorators":
                decorators = {}
        return found

    @cached_property
    def variables(self) -> dict[str, Node]:
        return {
            text_of(node.named_children[0]): node.named_children[1]
            for node in self.root.children
            if node.type == "variable_declaration"
        }

    @cached_property
    def outputs(self) -> dict[str, Node]:
        return {
            text_of(node.named_children[0]): node.named_children[-1]
            for node in self.root.children
            if node.type == "output_declaration"
        }

    @cached_property
    def modules(self) -> dict[str, Module]:
        found = {}
        for node in self.root.children:
            if node.type == "module_declaration":
                symbol, path = text_of(node.named_children[0]), string_of(node.named_children[1])
                found[symbol] = Module(symbol, path, _body(node))
        return found

    @cached_property
    def resources(self) -> list[Resource]:
        return [each for node in self.root.children for each in self._resources(node, "", "")]

    def _resources(self, node: Node, parents: str, path: str) -> Iterator[Resource]:
        if node.type != "resource_declaration":
            return
        symbol, kind = text_of(node.named_children[0]), string_of(node.named_children[1])
        type_, _, version = kind.partition("@")
        whole, here = f"{parents}/{type_}" if parents else type_, f"{path}::{symbol}" if path else symbol
        body = _body(node)
        existing = any(child.type == "existing" for child in node.children)
        yield Resource(symbol, whole, version, existing, body, self._comment_above(node), here)
        for child in body.node.named_children:
            for nested in child.named_children:
                yield from self._resources(nested, whole, here)

    def _comment_above(self, node: Node) -> str:
        lines = self.source.decode().splitlines()[: node.start_point[0]]
        comment: list[str] = []
        while lines and lines[-1].strip().startswith(("//", "@")):
            comment.insert(0, lines.pop().strip().removeprefix("//").strip())
        return " ".join(comment)

    def symbols(self) -> set[str]:
        nested = {part for resource in self.resources for part in resource.path.split("::")}
        return {*self.params, *self.variables, *self.modules, *nested}

    def unresolved(self) -> list[str]:
        """Names without a declaration."""
        known, found = self.symbols(), []
        for declaration in self.root.children:
            bound = _bound(declaration)
            for node in _references(declaration):
                name = text_of(node)
                if name not in known | bound | NAMESPACES:
                    found.append(f"{self.name}:{node.start_point[0] + 1}: {name} is not declared")
            found += [
                f"{self.name}: there is no function {name}" for name in _called(declaration) if name not in FUNCTIONS
            ]
        return found

    def unused(self) -> list[str]:
        """Parameters and variables without a reference."""
        used = {text_of(node) for declaration in self.root.children for node in _references(declaration)}
        return [f"{self.name}: {name} is not used" for name in {*self.params, *self.variables} - used]

    def outputs_read(self) -> Iterator[tuple[str, str]]:
        """Of each ``module.outputs.name``: the module's symbol and the output's name."""
        for node in walk(self.root):
            if node.type == "member_expression":
                inner = node.child_by_field_name("object")
                if inner is not None and text_of(inner).replace("!", "").endswith(".outputs"):
                    symbol = text_of(inner).replace("!", "").removesuffix(".outputs")
                    yield symbol, text_of(node.children[-1])


NAMESPACES = {"az", "sys"}
FUNCTIONS = {
    *("concat", "contains", "empty", "environment", "filter", "flatten", "guid", "indexOf", "items", "join", "length"),
    *("loadJsonContent", "loadTextContent", "map", "range", "replace", "resourceGroup", "split", "string"),
    *("subscription", "subscriptionResourceId", "substring", "tenant", "toLower", "trim", "union", "uniqueString"),
    *("allowed", "batchSize", "description", "maxLength", "maxValue", "metadata", "minLength", "minValue"),
}


def text_of(node: Node) -> str:
    return node.text.decode() if node.text is not None else ""


def string_of(node: Node) -> str:
    """The text between the quotes."""
    return text_of(node).strip("'")


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def object_of(node: Node) -> Object:
    properties = {}
    for child in node.named_children:
        if child.type == "object_property" and len(child.named_children) == 2:
            properties[string_of(child.named_children[0])] = child.named_children[1]
    return Object(node, properties)


def _body(declaration: Node) -> Object:
    """The object of a declaration, with the condition and the loop around it taken off."""
    node = declaration.named_children[-1]
    while node.type in {"if_statement", "for_statement"}:
        node = node.named_children[-1]
    return object_of(node)


def _decorator(node: Node) -> tuple[str, str]:
    call = node.named_children[0]
    return text_of(call.named_children[0]), text_of(call.named_children[1])[1:-1]


def _bound(declaration: Node) -> set[str]:
    """Variables of the loops and lambdas in a declaration."""
    names = set()
    for node in walk(declaration):
        if node.type in {"loop_variable", "loop_enumerator"}:
            names.add(text_of(node))
        if node.type == "for_statement":
            names |= {text_of(child) for child in node.named_children if child.type == "identifier"} - {
                text_of(node.named_children[1]) if len(node.named_children) > 1 else ""
            }
        if node.type == "lambda_expression":
            head = node.named_children[0]
            names |= {text_of(each) for each in walk(head) if each.type == "identifier"}
    return names


def _references(declaration: Node) -> Iterator[Node]:
    """Identifiers that are references: not declared names, keys, properties or functions."""
    for node in walk(declaration):
        if node.type != "identifier" or node.parent is None:
            continue
        parent = node.parent
        place = [child.id for child in parent.named_children].index(node.id)
        declares = parent.type.endswith("_declaration") and place == 0
        is_key = parent.type == "object_property" and place == 0
        is_type = parent.type in {"type", "nullable_type"}
        is_called = parent.type == "call_expression" and place == 0
        if not (declares or is_key or is_type or is_called):
            yield node


def _called(declaration: Node) -> Iterator[str]:
    for node in walk(declaration):
        if node.type == "call_expression":
            yield text_of(node.named_children[0])
