"""The outbound rules of resource accounts of the caller's tenant: which numbers are called, by whom and when."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from shared.api.parameters import GUID_PATTERN
from shared.api.problems import Problem
from shared.api.route import ADMINISTRATORS, SUPERVISORS, RequestContext, Result, Route
from shared.api.tenants import TenantQuery, check_if_match, etag_for, tenant_of
from shared.api.v1.plans.models import PLAN
from shared.calls.outbound_rules import OutboundRules
from shared.storage.outbound_rules import DEFAULT, RulesUnreadable, SavedRules

PATH = "outbound-rules/{accountId}"
OF_ACCOUNT = {
    "accountId": Meta(
        pattern=f"^({DEFAULT}|{GUID_PATTERN.strip('^$')})$",
        examples=[PLAN],
        description=f"a resource account (its object id, a GUID), or `{DEFAULT}` for all of the tenant without rules",
    )
}
EXAMPLE: dict[str, Any] = {
    "rules": [
        {"do": "deny", "prefixes": ["+1900", "+49900"], "reason": "Premium numbers are not called."},
        {
            "do": "allow",
            "prefixes": ["+49", "+1"],
            "hours": {"timeZone": "Europe/Berlin", "open": {"mon-fri": ["08:00-18:00"]}},
        },
    ]
}


async def get_rules(context: RequestContext) -> SavedRules:
    saved = (await _read(context))[0]
    if saved is None:
        raise Problem("NotFound", "There are no such outbound rules.")
    return saved


async def put_rules(context: RequestContext) -> Result:
    before, etag = await _read(context)
    check_if_match(context)(before)
    saved = SavedRules(_id(context), context.body.rules, context.container.now(), context.caller.name)
    if not await context.container.outbound_rules.put(tenant_of(context), saved, etag):
        raise Problem("Busy", headers={"Retry-After": "1"})
    return Result(200 if before else 201, saved, {"ETag": etag_for(saved)})


async def delete_rules(context: RequestContext) -> None:
    """Also of rules that only a newer version of the app can read."""
    if "if-match" in context.request.headers:
        check_if_match(context)((await _read(context))[0])
    await context.container.outbound_rules.delete(tenant_of(context), _id(context))


async def _read(context: RequestContext) -> tuple[SavedRules | None, str | None]:
    try:
        return await context.container.outbound_rules.read(tenant_of(context), _id(context))
    except RulesUnreadable:
        raise Problem("RulesUnreadable") from None


def _id(context: RequestContext) -> str:
    return context.path["accountId"].lower()


ROUTES = (
    Route(
        "GET",
        PATH,
        "getOutboundRules",
        SUPERVISORS,
        "Get the rules that allow and deny outbound calls of a resource account, or the tenant's default",
        {200: SavedRules},
        get_rules,
        parameters=OF_ACCOUNT,
        query=TenantQuery,
    ),
    Route(
        "PUT",
        PATH,
        "putOutboundRules",
        ADMINISTRATORS,
        "Create or replace the rules that allow and deny outbound calls: they hold from the next call on",
        {200: SavedRules, 201: SavedRules},
        put_rules,
        parameters=OF_ACCOUNT,
        query=TenantQuery,
        body=Annotated[OutboundRules, Meta(examples=[EXAMPLE])],
        conditional=True,
    ),
    Route(
        "DELETE",
        PATH,
        "deleteOutboundRules",
        ADMINISTRATORS,
        "Delete the rules, if they exist: the tenant's default holds then, or else every outbound call is allowed",
        {204: None},
        delete_rules,
        parameters=OF_ACCOUNT,
        query=TenantQuery,
        conditional=True,
    ),
)
