"""Who sees a call, and who may act on it.

A caller sees the calls of the resource accounts of its tenant: supervisors and administrators all of them, agents those
that they have been in or are invited to. Agents act on the calls that they are in. A holder of a key sees all calls.
"""

from __future__ import annotations

from shared.api.problems import Problem
from shared.api.route import SUPERVISORS, RequestContext
from shared.calls.capabilities import Call
from shared.calls.identities import user_of
from shared.directory.caller import Caller
from shared.storage.calls import Row


async def visible(context: RequestContext, call_id: str | None = None) -> Row:
    """The row of the call of the path, or of another one. Raises Problem: a call that the caller does not see does not
    exist.
    """
    row = await context.commands.read(call_id or context.path["callId"])
    if row is None or row.call is None or not sees(context.caller, row.call):
        raise Problem("NotFound", "There is no such call among those that the caller sees.")
    return row


async def visible_call(context: RequestContext) -> Call:
    """The call of the path. Raises Problem as ``visible`` does."""
    return (await visible(context)).call  # type: ignore[return-value]  # ``visible`` returns no other row


async def controllable(context: RequestContext, call_id: str | None = None) -> Row:
    """The same, for a command. Raises Problem unless the caller may act on the call."""
    row = await visible(context, call_id)
    if row.call is not None and not _may_act(context.caller, row.call):
        raise Problem("NotInCall")
    return row


def sees(caller: Caller, call: Call) -> bool:
    if caller.tenant is None:
        return True
    if (call.lifecycle.tenant or "").lower() != caller.tenant.lower():
        return False
    offered_to = (*call.participants.all_participants, *call.participants.invited)
    return bool(caller.roles & SUPERVISORS) or _is_among(caller, offered_to)


def _may_act(caller: Caller, call: Call) -> bool:
    if caller.tenant is None or caller.roles & SUPERVISORS:
        return True
    return _is_among(caller, call.participants.present)


def _is_among(caller: Caller, participants: tuple[str, ...]) -> bool:
    return caller.kind == "user" and any(user_of(each) == caller.id.lower() for each in participants)
