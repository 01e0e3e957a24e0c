"""Parameters that several resources have in common. The examples exist in the emulator's directory."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from shared.api.route import Strict
from shared.directory.graph import LONGEST_CONTINUATION
from shared.platform.guids import GUID

TENANT = "c0000000-0000-4000-8000-000000000001"
ACCOUNT = "11111111-1111-4111-8111-111111111111"
USER = "0000c0de-0000-4000-8000-0000000000a2"

GUID_PATTERN = f"^{GUID}$"
Id = Annotated[str, Meta(pattern=GUID_PATTERN)]
PageSize = Annotated[int, Meta(ge=1, le=999, description="the maximum number of items; a page can have fewer")]
Continuation = Annotated[
    str,
    Meta(pattern=f"^[A-Za-z0-9_-]{{1,{LONGEST_CONTINUATION}}}$", description="the position of the next page"),
]


def guid_parameter(description: str, example: str) -> Meta:
    return Meta(pattern=GUID_PATTERN, examples=[example], description=f"{description} (a GUID)")


class PageQuery(Strict, frozen=True):
    """Without ``pageSize`` the service behind decides the size of a page."""

    page_size: PageSize | UnsetType = UNSET
    continuation: Continuation | None = None

    @property
    def page(self) -> dict[str, Any]:
        return {"page_size": self.page_size or None, "continuation": self.continuation}
