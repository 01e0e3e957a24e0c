"""Loaded by ``st run`` of tests/api/test_generated.py: each request comes from the next of many callers, so that limits
do not answer in place of the routes.
"""

from __future__ import annotations

import itertools
import os
from typing import Any

import schemathesis
from schemathesis import AuthContext, Case, HookContext

LONGEST_QUERY = 800  # characters, each of which may become nine; the server takes 8 KiB in all
TOKENS = itertools.cycle(os.environ["API_TOKENS"].split())


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
