"""Targets of operations: the participants that bodies name, and their raw ids."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from shared.api.parameters import USER, Id
from shared.api.problems import Problem
from shared.api.route import RequestContext, Strict
from shared.calls import identities
from shared.calls.capabilities import Call
from shared.calls.identities import Kind, kind_of

Number = Annotated[
    str, Meta(pattern=r"^\+[1-9][0-9]{2,14}$", description="a phone number in E.164", examples=["+498912345"])
]
RawId = Annotated[str, Meta(min_length=3, max_length=300, description="the raw id of an identity in ACS")]


class OneTarget(Strict, frozen=True):
    """One identity, named in one of these ways. ``agent`` and ``teamsUser`` are Entra object ids: an agent rings with
    its Teams Phone extensibility identity, a Teams user in Teams. ``account`` is the object id of a resource account:
    of an auto attendant, a call queue or another application.
    """

    agent: Id | UnsetType = UNSET
    number: Number | UnsetType = UNSET
    teams_user: Id | UnsetType = UNSET
    account: Id | UnsetType = UNSET
    raw_id: RawId | UnsetType = UNSET

    def __post_init__(self) -> None:
        given = [name for name in self.__struct_fields__ if getattr(self, name) is not UNSET]
        if len(given) != 1:
            raise ValueError("exactly one of agent, number, teamsUser, account and rawId is needed")


EXAMPLE = {"agent": USER}
Target = Annotated[OneTarget, Meta(examples=[EXAMPLE], extra_json_schema={"minProperties": 1, "maxProperties": 1})]


def raw_id_of(context: RequestContext, call: Call, target: OneTarget) -> str:
    """The raw id of a target in this call. Raises Problem."""
    return raw_id_in(context, call.lifecycle.tenant, target)


def raw_id_in(context: RequestContext, tenant: str | None, target: OneTarget) -> str:
    """The raw id of a target; agents are of the tenant of the call's resource account. Raises Problem."""
    if target.agent:
        return _agent(context, tenant, target.agent.lower())
    if target.number:
        return identities.phone_number(target.number)
    if target.teams_user:
        return identities.teams_user(target.teams_user.lower())
    if target.account:
        return identities.account(target.account.lower())
    raw_id = target.raw_id or ""
    if kind_of(raw_id) is Kind.UNKNOWN:
        raise Problem("BadBody", "rawId must be 4:+…, 8:acs:…, 8:orgid:… or 28:orgid:….")
    return raw_id


def _agent(context: RequestContext, tenant: str | None, user: str) -> str:
    if tenant is None:
        raise Problem("BadBody", "The tenant of the call is not known: name the agent by rawId.")
    return identities.agent(context.settings.acs_resource_id, tenant, user)
