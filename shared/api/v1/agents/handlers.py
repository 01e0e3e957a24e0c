"""What the routes of agents and groups do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec.structs import replace

from shared.agents import states
from shared.agents.models import Agent, Group
from shared.agents.store import Contended
from shared.api.problems import Problem
from shared.api.route import SUPERVISORS, RequestContext, Result
from shared.api.tenants import check_if_match, etag_for, tenant_of
from shared.api.v1.agents.models import AgentView, GroupView, QueueView, agent_view, group_view, queue_view
from shared.directory.models import Page

NO_AGENT = "The tenant has no agent with this id. A supervisor creates agents with PUT /agents/{agentId}."
OWN_ONLY = "The presence of another agent requires one of the app roles Administrator, Supervisor."
NO_GROUP = "The tenant has no group with this id."

# -- Agents --


async def list_agents(context: RequestContext) -> Page[AgentView]:
    query, now = context.query, context.container.now()
    page = await context.agents.agents(tenant_of(context), query.page_size or None, query.continuation)
    return Page(tuple(agent_view(each, now) for each in page.value), page.continuation)


async def get_agent(context: RequestContext) -> AgentView:
    agent = await context.agents.agent(tenant_of(context), _agent_id(context))
    if agent is None:
        raise Problem("NotFound", NO_AGENT)
    return agent_view(agent, context.container.now())


async def put_agent(context: RequestContext) -> Result:
    """The presence of an agent who exists stays the same."""
    id, accounts = _agent_id(context), tuple(dict.fromkeys(each.lower() for each in context.body.accounts))

    def change(present: Agent | None) -> Agent:
        return replace(present or Agent(id), accounts=accounts)

    return _result(*await _change_agent(context, change), context.container.now())


async def delete_agent(context: RequestContext) -> None:
    """Groups may still name the agent, who is passed over."""
    await _change_agent(context, lambda _: None)


async def put_presence(context: RequestContext) -> Result:
    """By the agent, or by a supervisor. In a call and in wrap-up it holds afterwards."""
    id, body, now = _agent_id(context), context.body, context.container.now()
    if context.caller.id.lower() != id and not context.caller.roles & SUPERVISORS:
        raise Problem(
            "RoleMissing", "Agents set their own presence; that of others requires Supervisor or Administrator."
        )

    def change(present: Agent | None) -> Agent:
        if present is None:
            raise Problem("NotFound", NO_AGENT)
        if body.state == "away":
            return states.away(present, body.reason, now)
        return states.available(present, now + timedelta(seconds=body.expires_in_seconds), now)

    before, after = await _change_agent(context, change)
    if before is not None and after is not None and _becomes_available(before, after, now):
        await context.container.claims.serve_waiting(tenant_of(context))
    return _result(before, after, now)


def _becomes_available(before: Agent, after: Agent, now: datetime) -> bool:
    return [states.status(each, now).state == "available" for each in (before, after)] == [False, True]


def _result(before: Agent | None, after: Agent | None, now: datetime) -> Result:
    if after is None:
        raise Problem("NotFound", NO_AGENT)
    view = agent_view(after, now)
    return Result(201 if before is None else 200, view, {"ETag": etag_for(view)})


async def _change_agent(
    context: RequestContext, change: Callable[[Agent | None], Agent | None]
) -> tuple[Agent | None, Agent | None]:
    check = check_if_match(context)

    def checked(present: Agent | None) -> Agent | None:
        check(agent_view(present, context.container.now()) if present else None)
        return change(present)

    try:
        return await context.agents.change_agent(tenant_of(context), _agent_id(context), checked)
    except Contended:
        raise Problem("Busy", headers={"Retry-After": "1"}) from None


def _agent_id(context: RequestContext) -> str:
    id = context.path["agentId"]
    if id != "me":
        return id.lower()
    if context.caller.kind != "user":
        raise Problem("BadParameter", "Only a user who is signed in can be `me`: name the agent by object id.")
    return context.caller.id.lower()


# -- Groups --


async def list_groups(context: RequestContext) -> Page[GroupView]:
    query = context.query
    page = await context.agents.groups(tenant_of(context), query.page_size or None, query.continuation)
    return Page(tuple(group_view(each) for each in page.value), page.continuation)


async def get_group(context: RequestContext) -> GroupView:
    group = await context.agents.group(tenant_of(context), context.path["groupId"])
    if group is None:
        raise Problem("NotFound", NO_GROUP)
    return group_view(group)


async def put_group(context: RequestContext) -> Result:
    id, body = context.path["groupId"], context.body
    members = tuple(dict.fromkeys(each.lower() for each in body.members))
    group = Group(id, body.name, members, body.wrap_up_seconds)
    before, _ = await _change_group(context, group)
    view = group_view(group)
    return Result(201 if before is None else 200, view, {"ETag": etag_for(view)})


async def delete_group(context: RequestContext) -> None:
    await _change_group(context, None)


async def _change_group(context: RequestContext, group: Group | None) -> tuple[Group | None, Group | None]:
    check = check_if_match(context)

    def checked(present: Group | None) -> Group | None:
        check(group_view(present) if present else None)
        return group

    try:
        return await context.agents.change_group(tenant_of(context), context.path["groupId"], checked)
    except Contended:
        raise Problem("Busy", headers={"Retry-After": "1"}) from None


# -- Queues --


async def list_queues(context: RequestContext) -> Page[QueueView]:
    found, now = await context.container.claims.groups(tenant_of(context)), context.container.now()
    return Page(tuple(queue_view(each, now) for each in found))
