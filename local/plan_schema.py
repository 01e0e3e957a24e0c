"""docs/plan.schema.json: the document of a routing plan, for editors and other validators."""

from __future__ import annotations

import inspect
import json
from typing import Any

import msgspec

from shared.api.openapi import closed
from shared.calls.plans.base import Prompt
from shared.calls.plans.document import Plan
from shared.calls.plans.targets import Target

HEAD = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Routing plan"}
ONE_FIELD = {"minProperties": 1, "maxProperties": 1}


def schema() -> dict[str, Any]:
    (root,), schemas = msgspec.json.schema_components([Plan], ref_template="#/$defs/{name}")
    known = dict(sorted(closed(schemas, root).items()))
    for name in (Prompt.__name__, Target.__name__):
        known[name] |= ONE_FIELD
    for each in known.values():
        each["description"] = inspect.cleandoc(each.get("description", "")).replace("``", "`")
    known[Plan.__name__]["properties"]["$schema"] = {"type": "string", "description": "the URL of this schema"}
    return HEAD | root | {"$defs": known}


def text() -> str:
    return json.dumps(schema(), indent=2) + "\n"


GENERATED = {"docs/plan.schema.json": text}
