"""The infrastructure of the project, as the checks see it."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from tree_sitter import Node

from tests.infra.bicep import File, Object, Resource, object_of, text_of, walk


class Infra:
    """The infrastructure and the functions of the project's folder, or of a copy of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = {path.name: File(path) for path in sorted((root / "infra").rglob("*.bicep"))}
        self.local: dict[str, Any] = json.loads((root / "infra/local.json").read_text())
        self.parameters: dict[str, Any] = json.loads((root / "infra/main.parameters.json").read_text())["parameters"]

    @cached_property
    def event_functions(self) -> set[str]:
        """The functions of function_app.py with an Event Grid trigger."""
        return self.functions("event_grid_trigger")

    def functions(self, *triggers: str) -> set[str]:
        """The functions of function_app.py with one of these triggers."""
        tree = ast.parse((self.root / "function_app.py").read_text())
        return {
            node.name
            for node in tree.body
            if isinstance(node, ast.AsyncFunctionDef)
            and any(name in ast.unparse(decorator) for decorator in node.decorator_list for name in triggers)
        }

    @property
    def settings(self) -> dict[str, str]:
        """The Function App's settings and what they are set to: those that are chosen, and those that Bicep sets."""
        own = self.files["main.bicep"].modules["app"].params.at("settings")
        platform = self.files["function.bicep"].variables["platformSettings"]
        nodes = {**_set_by_bicep(own).properties, **object_of(platform).properties}
        chosen: dict[str, str] = self.parameters["appSettings"]["value"]
        return chosen | {name: text_of(node) for name, node in nodes.items()}

    def resources(self, kind: str) -> Iterator[tuple[File, Resource]]:
        for file in self.files.values():
            yield from ((file, each) for each in file.resources if each.type == kind and not each.existing)


def _set_by_bicep(node: Node | None) -> Object:
    """The object that is merged over the chosen settings."""
    assert node is not None
    return next(object_of(each) for each in walk(node) if each.type == "object" and each.named_children)
