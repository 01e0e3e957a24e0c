"""Documents of plans for property tests: valid ones by the published JSON Schema, and such with errors."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from local.plan_schema import schema
from shared.calls.plans.base import StepName
from shared.calls.plans.document import AnyStep
from shared.calls.plans.shapes import problems

NAMES = ("first", "second", "third")
DEFS = schema()["$defs"]
STEP_NAME = next(each.pattern for each in StepName.__metadata__)  # type: ignore[attr-defined]
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1.5, 10**30, "", "x", "x\n", [], [[]], {}, {"type": "menu"}, "\u0000"]
)
OWN: dict[str, st.SearchStrategy[Any]] = {  # fields whose conditions the schema does not have
    "file": st.sampled_from(["https://audio.contoso.com/a.wav", "http://127.0.0.1/a.wav"]),
    "ssml": st.just("<speak>a</speak>"),
    "timeZone": st.sampled_from(["Europe/Berlin", "UTC"]),
}


def values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a schema: of the keywords that msgspec writes."""
    match schema:
        case {"$ref": str(reference)}:
            return st.deferred(lambda: values(DEFS[reference.rpartition("/")[2]]))
        case {"anyOf": options}:
            return st.one_of([values(each) for each in options])
        case {"enum": options}:
            return st.sampled_from(options)
        case {"type": "object"}:
            return _objects(schema)
        case {"type": "array", "items": items}:
            sizes = {"min_size": schema.get("minItems", 0), "max_size": min(schema.get("maxItems", 3), 3)}
            return st.lists(values(items), **sizes)
    return _plain(schema)


def _plain(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    match schema.get("type"):
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
    return _texts(schema)


def _texts(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if schema.get("pattern") == STEP_NAME:
        return st.sampled_from(NAMES)
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    return st.text(min_size=schema.get("minLength", 0), max_size=min(schema.get("maxLength", 10), 10))


def _objects(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    if "properties" not in schema:
        names = _texts(schema.get("propertyNames", {}))
        return st.dictionaries(names, values(schema["additionalProperties"]), max_size=3)
    fields = {name: _field(name, each) for name, each in schema["properties"].items()}
    if schema.get("maxProperties") == 1:
        return st.one_of([st.fixed_dictionaries({name: each}) for name, each in fields.items()])
    required = {name: each for name, each in fields.items() if name in schema["required"]}
    return st.fixed_dictionaries(required, optional={name: fields[name] for name in fields.keys() - required.keys()})


def _field(name: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    return OWN[name] if name in OWN else values(schema)


STEPS = values(DEFS["Plan"]["properties"]["steps"]["additionalProperties"]).filter(
    lambda step: not [*problems(step, AnyStep)]
)


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    """Documents of steps that are valid by themselves."""
    return {"start": NAMES[0], "steps": {name: draw(STEPS) for name in NAMES}}


@st.composite
def changed(draw: st.DrawFn) -> Any:
    """Documents with up to three changes, anywhere."""
    document: Any = draw(plans())
    for _ in range(draw(st.integers(1, 3))):
        at, name = document, None
        while isinstance(at, dict | list) and at and (name is None or draw(st.booleans())):
            holder = at
            name = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
            at = at[name]
        if name is not None:
            _change(draw, holder, name)
    return document


def _change(draw: st.DrawFn, holder: Any, name: Any) -> None:
    match draw(st.sampled_from(["replace", "remove", "rename"])):
        case "replace":
            holder[name] = draw(JUNK)
        case "remove":
            del holder[name]
        case "rename" if isinstance(holder, dict):
            holder[draw(st.sampled_from(["x", "type", "", "🎵", *NAMES]))] = holder.pop(name)
