"""Loaded by ``st run``: each request comes from the next of many callers, so that limits do not answer in place of the
routes, and is about a call that exists.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Iterator
from typing import Any

import schemathesis
from schemathesis import AuthContext, Case, HookContext

LONGEST_QUERY = 800  # characters, each of which may become nine; the server takes 8 KiB in all
TOKENS = itertools.cycle(os.environ["API_TOKENS"].split())
# Calls, each with an operation of it, by the operationId of the route that they are for; "" for all others.
CALLS: dict[str, Iterator[list[str]]] = {
    name: itertools.cycle(calls) for name, calls in json.loads(os.environ["API_CALLS"]).items()
}
CALL_ID, OPERATION_ID = (
    re.compile(r"\d{8}-[0-9a-f]{32}"),
    re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
)


@schemathesis.auth(refresh_interval=None)
class Callers:
    def get(self, case: Case[Any], context: AuthContext) -> str:  # noqa: ARG002  # schemathesis demands them
        return next(TOKENS)

    def set(self, case: Case[Any], data: str, context: AuthContext) -> None:  # noqa: ARG002
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def filter_case(context: HookContext, case: Case[Any]) -> bool:
    """A request line that is too long is refused by the server, before any function runs."""
    return len(str(case.query)) < LONGEST_QUERY


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], **how: Any) -> None:
    """Valid ids become those of a call, and waits for outcomes are short."""
    path = case.path_parameters
    if not CALLS or not path or not CALL_ID.fullmatch(str(path.get("callId", ""))):
        return
    name = case.operation.definition.raw["operationId"]
    call, operation = next(CALLS[name if name in CALLS else ""])
    path["callId"] = call
    if OPERATION_ID.fullmatch(str(path.get("operationId", ""))):
        path["operationId"] = operation
    if "wait=" in str(case.headers.get("Prefer", "")):
        case.headers["Prefer"] = "wait=0"
