"""Who may call for whom (beta ``communications/callSettings/delegates`` and ``delegators``).

Microsoft Graph beta, "List delegates", "List delegators", "Get delegationSettings": delegated CallDelegation.Read, and
no application permission. Assumed: all wordings of errors, that others' settings are for the two administrators, and
that ``$top`` cuts pages.
"""

from __future__ import annotations

from typing import Any

from emulator.graph import odata
from emulator.graph.errors import GraphError, forbidden, not_found
from emulator.graph.request import GraphRequest, is_named

PERMISSIONS = ("CallDelegation.Read", "CallDelegation.ReadWrite")
ROLES = ("Teams Telephony Administrator", "Teams Administrator", "Global Administrator")
ACTIONS = ("makeCalls", "receiveCalls", "manageCallAndDelegateSettings", "pickUpHeldCalls", "joinActiveCalls")
FILTERS = tuple(f"allowedActions/{action}" for action in ACTIONS)


def list_all(request: GraphRequest) -> dict[str, Any]:
    settings = _settings(request)
    odata.allow(request, "$filter", "$count", "$top", "$skiptoken")
    found = odata.matching(request, settings, FILTERS)
    return odata.context(request, _path(request)) | odata.page(request, found)


def get(request: GraphRequest) -> dict[str, Any]:
    settings, wanted = _settings(request), request.http.match_info["other"].lower()
    odata.allow(request)
    for each in settings:
        if each["id"].lower() == wanted:
            return odata.context(request, f"{_path(request)}/$entity") | each
    raise not_found(f"{_kind(request).removesuffix('s').capitalize()} '{wanted}' was not found.")


def _settings(request: GraphRequest) -> list[dict[str, Any]]:
    owner = request.name(_owner(request))
    delegates = request.tenant["delegates"]
    if _kind(request) == "delegates":
        pairs = delegates.get(owner, {}).items()
    else:
        pairs = [(delegator, those[owner]) for delegator, those in delegates.items() if owner in those]
    users = request.tenant["users"]
    return [{"id": users[name]["id"], **settings} for name, settings in pairs if name in users]


def _owner(request: GraphRequest) -> dict[str, Any]:
    """Whose settings are requested, if they may be seen."""
    me = _caller(request)
    request.require(*PERMISSIONS)
    owner = me if "id" not in request.http.match_info else request.person(request.id)
    if owner is None:
        raise not_found("User was not found in the tenant.")
    if not is_named(owner, me["id"]):
        request.require_role(*ROLES, otherwise=_not_an_administrator)
    policy = owner.get("callingPolicy", "Global")
    if not request.tenant["callingPolicies"].get(policy, {}).get("AllowDelegation", True):
        raise forbidden(f"Delegation is not allowed for the user: AllowDelegation is off in calling policy '{policy}'.")
    return owner


def _caller(request: GraphRequest) -> dict[str, Any]:
    if request.user is None and "id" in request.http.match_info:
        raise forbidden("Requested API is not supported in application-only context")
    return request.signed_in()


def _not_an_administrator() -> GraphError:
    return forbidden("Delegation settings of another user are for a Teams Telephony Administrator.")


def _kind(request: GraphRequest) -> str:
    return request.http.match_info["kind"]


def _path(request: GraphRequest) -> str:
    return f"users('{_owner(request)['id']}')/communications/callSettings/{_kind(request)}"
