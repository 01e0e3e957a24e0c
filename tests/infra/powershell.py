"""PowerShell files, parsed with a real grammar: their declarations and calls.

tree-sitter's grammar finds syntax errors, though not every error of a running script; development machines have no
PowerShell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from tests.infra.bicep import text_of, walk

_PARSER = Parser(Language(tree_sitter_powershell.language()))
_BLOCKS = {"begin", "process", "end"}
_KEYWORDS = {"throw", "return", "break", "continue"}


@dataclass(frozen=True)
class Parameter:
    name: str
    type: str
    attributes: dict[str, str]  # name → the source of its arguments
    default: str

    @property
    def mandatory(self) -> bool:
        return bool(re.search(r"\bMandatory\b", self.attributes.get("Parameter", "")))

    @property
    def from_pipeline(self) -> bool:
        return "ValueFromPipeline" in self.attributes.get("Parameter", "")

    @property
    def values(self) -> set[str]:
        """What ValidateSet allows; nothing if there is none."""
        return {each.strip().strip("'\"") for each in self.attributes.get("ValidateSet", "").split(",") if each}


@dataclass(frozen=True)
class Command:
    """One call of a command. Names of parameters are as written; values are sources."""

    node: Node
    name: str
    given: dict[str, str]
    positional: list[str]
    splatted: list[str]

    @property
    def line(self) -> int:
        return self.node.start_point[0] + 1

    @property
    def piped(self) -> bool:
        """Whether something comes to it through a pipe."""
        before = self.node.prev_named_sibling
        return before is not None and before.type == "command"

    @property
    def guarded(self) -> bool:
        """Whether it is in the branch of an ``if`` for which ShouldProcess returned true."""
        node = self.node
        while node.parent is not None:
            parent = node.parent
            if node.type == "statement_block" and parent.type in {"if_statement", "elseif_clause"}:
                condition = text_of(parent.named_children[0]).lstrip("( ")
                if condition.startswith("$PSCmdlet.ShouldProcess("):
                    return True
            node = parent
        return False


@dataclass
class Function:
    """A function, or the script itself."""

    name: str
    node: Node
    help: str
    attributes: dict[str, str]  # of its parameter block: CmdletBinding, OutputType
    parameters: dict[str, Parameter]


@cache
def parsed(name: str, source: str) -> Script:
    """Parsed once for each text."""
    return Script(name, source)


@dataclass
class Script:
    name: str
    source: str
    root: Node = field(init=False)

    def __post_init__(self) -> None:
        self.root = _PARSER.parse(self.source.encode()).root_node

    @cached_property
    def errors(self) -> list[int]:
        return [node.start_point[0] + 1 for node in walk(self.root) if node.is_missing or node.type == "ERROR"]

    @cached_property
    def itself(self) -> Function:
        """The script as a command: its help is the first comment block, its parameters those at the top."""
        block = next((node for node in self.root.named_children if node.type == "param_block"), None)
        help_ = next((text_of(n) for n in walk(self.root) if n.type == "comment" and text_of(n).startswith("<#")), "")
        return _function(self.name, self.root, block, help_)

    @cached_property
    def functions(self) -> list[Function]:
        found = []
        for node in walk(self.root):
            if node.type == "function_statement":
                name = next(text_of(child) for child in node.named_children if child.type == "function_name")
                block = next((child for child in walk(node) if child.type == "param_block"), None)
                comments = [text_of(each) for each in walk(node) if each.type == "comment"]
                found.append(_function(name, node, block, next((c for c in comments if c.startswith("<#")), "")))
        return found

    @cached_property
    def commands(self) -> list[Command]:
        return [found for node in walk(self.root) if node.type == "command" for found in _command(node)]

    @cached_property
    def assigned(self) -> dict[str, list[Node]]:
        """Variables that get a value somewhere, and what they get."""
        found: dict[str, list[Node]] = {}
        for node in walk(self.root):
            if node.type == "assignment_expression":
                left, right = node.named_children[0], node.named_children[-1]
                plain = "[" not in text_of(left) and "." not in text_of(left)
                for name in _variables(left) if plain else ():
                    found.setdefault(name.lower(), []).append(right)
            if node.type == "foreach_statement":
                found.setdefault(_name(text_of(node.named_children[0])), []).append(node)
        return found

    @cached_property
    def read(self) -> list[tuple[str, int]]:
        """Variables that are read, in code and in texts, and where."""
        written = {
            each.id
            for node in walk(self.root)
            if node.type == "left_assignment_expression" and "[" not in text_of(node)
            for each in walk(node)
        } | {node.named_children[0].id for node in walk(self.root) if node.type == "foreach_statement"}
        return [
            (_name(text_of(node)), node.start_point[0] + 1)
            for node in walk(self.root)
            if node.type == "variable"
            and node.id not in written
            and (node.parent is None or node.parent.type != "script_parameter")
        ]

    def top_level(self) -> list[str]:
        """The first words of the script's statements."""
        body = next((node for node in self.root.named_children if node.type == "statement_list"), None)
        return [text_of(each).split(None, 1)[0] for each in (body.named_children if body is not None else [])]


def _name(variable: str) -> str:
    return variable.strip("$@{}").lower()


def _variables(node: Node) -> Iterator[str]:
    yield from (_name(text_of(each)) for each in walk(node) if each.type == "variable")


def _function(name: str, node: Node, block: Node | None, help_: str) -> Function:
    attributes, parameters = {}, {}
    if block is not None:
        # Attributes of the whole stand in the block in one place of the grammar, and before it in another.
        for child in walk(block):
            above = child.parent.parent if child.parent is not None else None
            if child.type == "attribute" and above is not None and above.type != "script_parameter":
                attributes.update(_attribute(child))
            if child.type == "script_parameter":
                parameter = _parameter(child)
                parameters[parameter.name.lower()] = parameter
    return Function(name, node, help_, attributes, parameters)


def _attribute(node: Node) -> dict[str, str]:
    named = [child for child in node.named_children if child.type == "attribute_name"]
    if not named:
        return {}
    arguments = [text_of(child) for child in node.named_children if child.type == "attribute_arguments"]
    return {text_of(named[0]): arguments[0] if arguments else ""}


def _parameter(node: Node) -> Parameter:
    attributes: dict[str, str] = {}
    type_, default = "", ""
    for child in node.named_children:
        if child.type == "attribute_list":
            for each in child.named_children:
                attributes.update(_attribute(each))
                type_ = next((text_of(t).strip("[]") for t in each.named_children if t.type == "type_literal"), type_)
        if child.type == "script_parameter_default":
            default = text_of(child).lstrip("= ")
    name = next(text_of(child) for child in node.named_children if child.type == "variable")
    return Parameter(name.strip("$"), type_, attributes, default)


def _command(node: Node) -> Iterator[Command]:
    head = next((child for child in node.named_children if child.type == "command_name"), None)
    name = text_of(head) if head is not None else ""
    if head is None or name.lower() in _BLOCKS | _KEYWORDS:
        return
    given: dict[str, str] = {}
    positional: list[str] = []
    splatted: list[str] = []
    waiting = ""
    elements = [child for child in node.named_children if child.type == "command_elements"]
    for each in elements[0].named_children if elements else ():
        text = text_of(each)
        if each.type == "command_argument_sep":
            continue
        if each.type == "command_parameter":
            waiting = text.lstrip("-").rstrip(":")
            given[waiting] = ""
        elif waiting:
            given[waiting] = text
            waiting = ""
        elif re.fullmatch(r"@\w+", text):
            splatted.append(text[1:].lower())
        else:
            positional.append(text)
    yield Command(node, name, given, positional, splatted)


def keys_of(node: Node) -> list[str]:
    """The keys of a hash literal that is assigned: what it gives when it is splatted."""
    literal = next((each for each in walk(node) if each.type == "hash_literal_expression"), None)
    if literal is None:
        return []
    entries = [each for body in literal.named_children for each in body.named_children if each.type == "hash_entry"]
    return [text_of(entry.named_children[0]).strip("'\"") for entry in entries]
