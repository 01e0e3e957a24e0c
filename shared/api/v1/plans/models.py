"""Parameters and results of routing plans."""

from __future__ import annotations

from msgspec import Meta, Struct

from shared.api.parameters import ACCOUNT, GUID_PATTERN
from shared.api.problems import FieldError
from shared.plans.models import DEFAULT

OF_PLAN = {
    "planId": Meta(
        pattern=f"^({DEFAULT}|{GUID_PATTERN.strip('^$')})$",
        examples=[ACCOUNT],
        description=f"a resource account (its object id, a GUID), or `{DEFAULT}` for all of the tenant without a plan",
    )
}
OF_VERSION = OF_PLAN | {
    "version": Meta(pattern="^[1-9][0-9]{0,8}$", examples=["1"], description="a version of the plan (1, 2, …)")
}


class Checked(Struct, frozen=True):
    """All errors of a document; none if it can be saved."""

    errors: tuple[FieldError, ...]
