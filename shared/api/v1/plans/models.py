"""Parameters and results of routing plans."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Raw, Struct

from shared.api.parameters import GUID_PATTERN
from shared.api.problems import FieldError
from shared.api.route import Strict
from shared.calls.plans.document import Plan
from shared.plans.models import DEFAULT
from shared.service.dry_run import Situation

PLAN = "11111111-1111-4111-8111-1111111111aa"  # no account of the emulator: its plan would be that of other tests
EXAMPLE: dict[str, Any] = {
    "start": "closed",
    "steps": {
        "closed": {
            "type": "play",
            "prompt": {"file": "https://contoso.blob.core.windows.net/audio/closed.wav"},
            "then": "bye",
        },
        "bye": {"type": "hangUp"},
    },
}
OF_PLAN = {
    "planId": Meta(
        pattern=f"^({DEFAULT}|{GUID_PATTERN.strip('^$')})$",
        examples=[PLAN],
        description=f"a resource account (its object id, a GUID), or `{DEFAULT}` for all of the tenant without a plan",
    )
}
OF_VERSION = OF_PLAN | {
    "version": Meta(pattern="^[1-9][0-9]{0,8}$", examples=["1"], description="a version of the plan (1, 2, …)")
}


NewPlan = Annotated[Plan, Meta(examples=[EXAMPLE])]


class Checked(Struct, frozen=True):
    """All errors of a document; none if it can be saved."""

    errors: tuple[FieldError, ...]


class NewDryRun(Strict, frozen=True):
    """A plan, and the call to try it with."""

    plan: Plan
    situation: Situation


TriedPlan = Annotated[
    NewDryRun, Meta(examples=[{"plan": EXAMPLE, "situation": {"at": "2026-11-22T19:00:00Z", "keys": ["2"]}}])
]


class RawDryRun(Strict, frozen=True):
    """The same, before the plan is read."""

    plan: Raw
    situation: Situation


class Drawing(Struct, frozen=True):
    """A picture of a plan: the text of a Mermaid flowchart, and the text of an SVG document."""

    mermaid: str
    svg: str
