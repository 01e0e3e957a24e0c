"""The caller of the API, as authentication identified it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Caller(Struct, frozen=True):
    """A user or an application with an Entra token, or a holder of a Functions key.

    Users and applications see their own tenant. A key has no tenant, and sees all of them. ``assertion`` is the Entra
    token, which ``repr`` leaves out.
    """

    kind: Literal["user", "app", "key"]
    tenant: str | None
    id: str
    roles: frozenset[str]
    assertion: str = ""

    @property
    def name(self) -> str:
        """As rows and timelines name the caller: ``user {object id}``."""
        return "the holder of a key" if self.kind == "key" else f"{self.kind} {self.id}"

    def __repr__(self) -> str:
        return f"Caller(kind={self.kind!r}, tenant={self.tenant!r}, id={self.id!r}, roles={sorted(self.roles)!r})"
