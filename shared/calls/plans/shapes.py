"""All errors of a JSON value that should have a type's shape, each by its path.

``msgspec.convert`` stops at the first error, and ignores unknown fields where a type is lenient about them. Types whose
values have conditions beyond their shape have a method ``problems``, which returns them by the path of the field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import FieldInfo

LONGEST_NAME = 60  # characters of a name of the document that a path repeats

_WORDS = {
    "Expected ": "must be ",
    ", got ": ", not ",
    "`str` matching regex": "a text of the form",
    "`str`": "a text",
    "`int`": "an integer",
    "`float`": "a number",
    "`bool`": "true or false",
    "`array`": "an array",
    "`object`": "an object",
    "`null`": "null",
}


class Problem(Struct, frozen=True):
    """``path`` names the field (``steps.menu.keys.1``); it is empty for the whole document."""

    path: str
    text: str


def problems(value: Any, shape: Any, path: str = "") -> Iterator[Problem]:
    """The errors of a value that was decoded from JSON."""
    bare = get_args(shape)[0] if get_origin(shape) is Annotated else shape
    options = get_args(bare) if get_origin(bare) in (Union, UnionType) else (bare,)
    others = [each for each in options if each is not NoneType]
    if len(others) < len(options) and (value is None or len(others) == 1):  # null, or the one that it stands for
        yield from () if value is None else problems(value, others[0], path)
    elif all(_is_struct(each) for each in others):
        yield from _of_one(value, others, path)
    elif get_origin(bare) is dict and isinstance(value, dict):
        yield from _of_entries(value, get_args(bare), path)
        yield from _of_length(value, shape, path)
    elif get_origin(bare) is tuple and isinstance(value, list):
        for index, each in enumerate(value):
            yield from problems(each, get_args(bare)[0], _below(path, str(index)))
        yield from _of_length(value, shape, path)
    else:
        yield from _of_leaf(value, shape, path)


def _of_one(value: Any, structs: list[type[Struct]], path: str) -> Iterator[Problem]:
    """One of several structs, by the field that has its tag; or the only one."""
    config = structs[0].__struct_config__
    if not isinstance(value, dict):
        yield from _of_leaf(value, dict, path)
    elif config.tag_field is None:
        yield from _of_struct(value, structs[0], path)
    else:
        known = {str(each.__struct_config__.tag): each for each in structs}
        tag, place = value.get(config.tag_field), _below(path, config.tag_field)
        if tag is None:
            yield Problem(place, f"missing: one of {', '.join(known)}")
        elif not isinstance(tag, str) or tag not in known:
            yield Problem(place, f"unknown type {_quoted(tag)}: known are {', '.join(known)}")
        else:
            yield from _of_struct(value, known[tag], path)


def _of_struct(value: dict[str, Any], struct: type[Struct], path: str) -> Iterator[Problem]:
    found = [*_of_fields(value, struct, path)]
    yield from found
    if not found and hasattr(struct, "problems"):
        for name, text in msgspec.convert(value, struct).problems().items():
            yield Problem(_below(path, name) if name else path, text)


def _of_fields(value: dict[str, Any], struct: type[Struct], path: str) -> Iterator[Problem]:
    fields = _fields_of(struct)
    for name in value.keys() - fields.keys() - {struct.__struct_config__.tag_field}:
        yield Problem(_below(path, name), f"unknown field: known are {', '.join(fields) or 'none'}")
    for name, field in fields.items():
        if name in value:
            yield from problems(value[name], field.type, _below(path, name))
        elif field.required:
            yield Problem(_below(path, name), "missing")


@cache
def _fields_of(struct: type[Struct]) -> Mapping[str, FieldInfo]:
    return {field.encode_name: field for field in msgspec.structs.fields(struct)}


def _of_entries(value: dict[str, Any], shapes: tuple[Any, ...], path: str) -> Iterator[Problem]:
    for name, each in value.items():
        yield from _of_leaf(name, shapes[0], _below(path, name))
        yield from problems(each, shapes[1], _below(path, name))


def _of_length(value: dict[str, Any] | list[Any], shape: Any, path: str) -> Iterator[Problem]:
    for limit in get_args(shape)[1:] if get_origin(shape) is Annotated else ():
        if isinstance(limit, Meta):
            if limit.min_length is not None and len(value) < limit.min_length:
                yield Problem(path, f"must have {limit.min_length} at least")
            if limit.max_length is not None and len(value) > limit.max_length:
                yield Problem(path, f"must have {limit.max_length} at most")


def _of_leaf(value: Any, shape: Any, path: str) -> Iterator[Problem]:
    limits = [each for each in get_args(shape) if isinstance(each, Meta)]
    if isinstance(value, str) and value.endswith("\n") and any(each.pattern for each in limits):
        yield Problem(path, "must not end with a line break")  # which $ of a pattern permits
        return
    try:
        msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        meant = next((f" ({each.description})" for each in limits if each.description), "")
        yield Problem(path, _plain(str(error)) + meant)


def _plain(text: str) -> str:
    """An error of msgspec in words of JSON."""
    for theirs, plain in _WORDS.items():
        text = text.replace(theirs, plain)
    return text[:1].lower() + text[1:]


def _below(path: str, name: str) -> str:
    short = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
    return f"{path}.{short}" if path else short


def _quoted(value: Any) -> str:
    return f'"{value[:LONGEST_NAME]}"' if isinstance(value, str) else type(value).__name__


def _is_struct(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, Struct)
