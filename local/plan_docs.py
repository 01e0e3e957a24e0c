"""docs/plans.md: the steps of routing plans, from their classes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
from msgspec.inspect import type_info

from local.settings import ROOT
from shared.calls.plans.base import Prompt
from shared.calls.plans.document import AnyStep
from shared.calls.plans.targets import Target
from shared.calls.plans.waiting import Wait

PAGE = "docs/plans.md"
BEGIN, END = "<!-- steps -->\n", "<!-- /steps -->"
PARTS = {Prompt: "a prompt", Target: "a target", Wait: "wait"}  # structs inside of steps
PATTERNS = {  # in words
    "^[A-Za-z][A-Za-z0-9_-]{0,39}$": "a step",
    "^[0-9*#A-D]$": "a key",
    "^[*#]?$": "`*`, `#` or nothing",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "a date",
    r"^\+[0-9]{1,15}$": "the beginning of a number",
    r"^\+[1-9][0-9]{2,14}$": "a number in E.164",
    "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$": "an Entra object id",
    "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$": "the id of a group",
}


def page() -> str:
    """The page, with the part about steps anew."""
    before, _, rest = (ROOT / PAGE).read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join((f"{before}{BEGIN}", *_sections(), f"{END}{after}"))


def _sections() -> Iterator[str]:
    for step in get_args(AnyStep):
        yield from (f"### {step.__struct_config__.tag}", "", *_section(step), "")
    for part, name in PARTS.items():
        yield from (f"### {name[0].upper()}{name[1:]}", "", *_section(part), "")


def _section(struct: type) -> Iterator[str]:
    yield from _prose(struct)
    fields = msgspec.structs.fields(struct)
    if not fields:
        yield "It has no fields."
        return
    yield from ("| field | value | default |", "|---|---|---|")
    for field in fields:
        info = type_info(field.type)
        yield f"| `{field.encode_name}` | {_words(info)} | {_default(field)} |"


def _prose(struct: type) -> Iterator[str]:
    """The docstring, in paragraphs."""
    text = inspect.cleandoc(struct.__doc__ or "").replace("``", "`")
    yield from (*text.splitlines(), "")


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "*required*"
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    if isinstance(value, Prompt):
        return f"“{value.source}”"
    return "" if value in (None, "", (), {}) else f"`{msgspec.json.encode(value).decode()}`"


def _words(info: Any) -> str:
    """A type in words, with its limits."""
    match info:
        case msgspec.inspect.UnionType(types=types):
            return " or ".join(_words(each) for each in types if not isinstance(each, msgspec.inspect.NoneType))
        case msgspec.inspect.Metadata(type=inner):
            return _words(inner)
        case msgspec.inspect.DictType(key_type=key, value_type=value):
            return f"an object: {_words(key)} → {_words(value)}"
        case msgspec.inspect.VarTupleType(item_type=item, min_length=least, max_length=most):
            return f"a list{_range(least, most, ' of {}')}: {_words(item)}"
    return _word(info)


def _word(info: Any) -> str:
    match info:
        case msgspec.inspect.LiteralType(values=values):
            return ", ".join(f"`{each}`" for each in values)
        case msgspec.inspect.StructType(cls=cls):
            return f"[{PARTS[cls]}](#{PARTS[cls].replace(' ', '-')})"
        case msgspec.inspect.StrType(pattern=pattern, max_length=most):
            return (
                PATTERNS.get(pattern, f"text: `{pattern}`")
                if pattern
                else f"text{_range(None, most, ' of {} characters')}"
            )
        case msgspec.inspect.IntType(ge=least, le=most):
            return f"{least} to {most}"
        case msgspec.inspect.BoolType():
            return "`true`, `false`"
    raise NotImplementedError(f"{info} has no words: add them here")


def _range(least: int | None, most: int | None, text: str) -> str:
    if most is None:
        return ""
    return text.format(f"{least} to {most}" if least else f"at most {most}")


GENERATED = {PAGE: page}
