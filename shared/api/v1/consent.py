"""Access assignments: which resource accounts and users the ACS resource may act for."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from shared.api.parameters import ACCOUNT, TENANT, Id, guid_parameter
from shared.api.route import ADMINISTRATORS, RequestContext, Result, Route, Strict
from shared.directory.errors import OTHER_TENANT, UpstreamError
from shared.directory.models import AccessAssignment, PrincipalKind

PATH = "tenants/{tenantId}/access-assignments/{objectId}"
PARAMETERS = {
    "tenantId": guid_parameter("an Entra tenant", TENANT),
    "objectId": guid_parameter("the object id of a resource account or a user", ACCOUNT),
}


class NewAssignment(Strict, frozen=True):
    kind: PrincipalKind
    client_ids: Annotated[tuple[Id, ...], Meta(max_length=50, description="the client applications of a user")] = ()


async def get_assignment(context: RequestContext) -> AccessAssignment:
    return await context.directory.consent.get(_own_tenant(context), context.path["objectId"])


async def put_assignment(context: RequestContext) -> Result:
    tenant, id, body = _own_tenant(context), context.path["objectId"], context.body
    assignment, created = await context.directory.consent.grant(tenant, id, body.kind, body.client_ids)
    return Result(201 if created else 200, assignment)


async def delete_assignment(context: RequestContext) -> None:
    await context.directory.consent.revoke(_own_tenant(context), context.path["objectId"])


def _own_tenant(context: RequestContext) -> str:
    """The tenant of the path. Raises unless it is the caller's; holders of keys may use all tenants."""
    tenant = context.path["tenantId"].lower()
    if context.caller.tenant not in (None, tenant):
        raise UpstreamError(OTHER_TENANT)
    return tenant


ROUTES = (
    Route(
        "GET",
        PATH,
        "getAccessAssignment",
        ADMINISTRATORS,
        "Get the access assignment of a resource account or a user",
        {200: AccessAssignment},
        get_assignment,
        parameters=PARAMETERS,
    ),
    Route(
        "PUT",
        PATH,
        "putAccessAssignment",
        ADMINISTRATORS,
        "Let this ACS resource take the calls of a resource account or a user",
        {200: AccessAssignment, 201: AccessAssignment},
        put_assignment,
        parameters=PARAMETERS,
        body=NewAssignment,
    ),
    Route(
        "DELETE",
        PATH,
        "deleteAccessAssignment",
        ADMINISTRATORS,
        "Revoke an access assignment",
        {204: None},
        delete_assignment,
        parameters=PARAMETERS,
    ),
)
