"""The tenant that a request is about, and the condition that it sets on a change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta

from shared.api.http import as_json, etag_of
from shared.api.parameters import GUID_PATTERN, TENANT, PageQuery
from shared.api.problems import Problem
from shared.api.route import RequestContext, Strict
from shared.directory.errors import OTHER_TENANT, UpstreamError

TenantId = Annotated[
    str, Meta(pattern=GUID_PATTERN, examples=[TENANT], description="required of holders of a key, who have no tenant")
]


class TenantQuery(Strict, frozen=True):
    tenant: TenantId | None = None


class TenantPageQuery(PageQuery, frozen=True):
    tenant: TenantId | None = None


def tenant_of(context: RequestContext) -> str:
    """The caller's tenant. Raises unless it is the one of the query; holders of keys have to name one."""
    own, named = context.caller.tenant, (context.query.tenant or "").lower()
    if own is None and not named:
        raise Problem("BadParameter", "Holders of a key have no tenant: name one in the parameter `tenant`.")
    if own is not None and named not in ("", own.lower()):
        raise UpstreamError(OTHER_TENANT)
    return named or (own or "").lower()


def check_if_match(context: RequestContext) -> Callable[[Any], None]:
    """The condition of If-Match (RFC 9110, 13.1.1), for the present object or None. Raises Problem."""
    given = context.request.headers.get("if-match")
    known = {each.strip() for each in (given or "").split(",")}

    def check(present: Any) -> None:
        if given is not None and (present is None or not known & {"*", etag_for(present)}):
            raise Problem("Changed")

    return check


def etag_for(present: Any) -> str:
    """The ETag of its representation, which GET sends."""
    return etag_of(as_json(200, present).body)
