"""Who may call for whom (beta ``communications/callSettings/delegates`` and ``delegators``).

Microsoft Graph beta, "List delegates", "List delegators", "Get delegationSettings": delegated CallDelegation.Read, and
no application permission. Assumed: all wordings of refusals, that others' settings are for the two administrators, and
that ``$top`` cuts pages.
"""

from __future__ import annotations

from typing import Any

from emulator.graph import odata
from emulator.graph.asked import Asked, is_named
from emulator.graph.refusals import Refused, forbidden, not_found

PERMISSIONS = ("CallDelegation.Read", "CallDelegation.ReadWrite")
ROLES = ("Teams Telephony Administrator", "Teams Administrator", "Global Administrator")
ACTIONS = ("makeCalls", "receiveCalls", "manageCallAndDelegateSettings", "pickUpHeldCalls", "joinActiveCalls")
FILTERS = tuple(f"allowedActions/{action}" for action in ACTIONS)


def list_all(asked: Asked) -> dict[str, Any]:
    settings = _settings(asked)
    odata.allow(asked, "$filter", "$count", "$top", "$skiptoken")
    found = odata.matching(asked, settings, FILTERS)
    return odata.context(asked, _path(asked)) | odata.page(asked, found)


def get(asked: Asked) -> dict[str, Any]:
    settings, wanted = _settings(asked), asked.http.match_info["other"].lower()
    odata.allow(asked)
    for each in settings:
        if each["id"].lower() == wanted:
            return odata.context(asked, f"{_path(asked)}/$entity") | each
    raise not_found(f"{_kind(asked).removesuffix('s').capitalize()} '{wanted}' was not found.")


def _settings(asked: Asked) -> list[dict[str, Any]]:
    owner = asked.name(_owner(asked))
    delegates = asked.tenant["delegates"]
    if _kind(asked) == "delegates":
        pairs = delegates.get(owner, {}).items()
    else:
        pairs = [(delegator, those[owner]) for delegator, those in delegates.items() if owner in those]
    users = asked.tenant["users"]
    return [{"id": users[name]["id"], **settings} for name, settings in pairs if name in users]


def _owner(asked: Asked) -> dict[str, Any]:
    """Whose settings are asked for, if they may be seen."""
    me = _caller(asked)
    asked.require(*PERMISSIONS)
    owner = me if "id" not in asked.http.match_info else asked.person(asked.id)
    if owner is None:
        raise not_found("User was not found in the tenant.")
    if not is_named(owner, me["id"]):
        asked.require_role(*ROLES, otherwise=_not_an_administrator)
    policy = owner.get("callingPolicy", "Global")
    if not asked.tenant["callingPolicies"].get(policy, {}).get("AllowDelegation", True):
        raise forbidden(f"Delegation is not allowed for the user: AllowDelegation is off in calling policy '{policy}'.")
    return owner


def _caller(asked: Asked) -> dict[str, Any]:
    if asked.user is None and "id" in asked.http.match_info:
        raise forbidden("Requested API is not supported in application-only context")
    return asked.signed_in()


def _not_an_administrator() -> Refused:
    return forbidden("Delegation settings of another user are for a Teams Telephony Administrator.")


def _kind(asked: Asked) -> str:
    return asked.http.match_info["kind"]


def _path(asked: Asked) -> str:
    return f"users('{_owner(asked)['id']}')/communications/callSettings/{_kind(asked)}"
