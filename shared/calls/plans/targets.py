"""Targets of ``ring`` and ``transfer``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from shared.calls import identities
from shared.calls.plans.base import VisitContext

Id = Annotated[
    str, Meta(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", description="an Entra object id")
]
Number = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{2,14}$", description="in E.164: +493012345")]
GroupId = Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="the id of a group of agents")]


class Target(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Exactly one of these. ``account`` is the resource account of an auto attendant or a call queue."""

    agent: Id | None = None
    group: GroupId | None = None
    number: Number | None = None
    teams_user: Id | None = None
    account: Id | None = None

    def problems(self) -> Mapping[str, str]:
        """The errors of its fields by themselves, by the path of the field."""
        given = [name for name in self.__struct_fields__ if getattr(self, name) is not None]
        return {} if len(given) == 1 else {"": "exactly one of agent, group, number, teamsUser and account is needed"}


def raw_id_of(at: VisitContext, target: Target) -> str | None:
    """The raw id; None for a group, and for an agent as long as the tenant is not known."""
    tenant = at.call.lifecycle.tenant  # type: ignore[attr-defined]  # of its capability
    if target.agent:
        return identities.agent(at.routing.resource, tenant, target.agent.lower()) if tenant else None
    if target.number:
        return identities.phone_number(target.number)
    if target.teams_user:
        return identities.teams_user(target.teams_user.lower())
    return identities.account(target.account.lower()) if target.account else None
