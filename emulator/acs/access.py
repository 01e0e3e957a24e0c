"""Consent to Teams Phone extensibility: the resource accounts and users for which the resource may act.

azure-docs, ``articles/communication-services/quickstarts/tpe/teams-phone-extensiblity-rest-api.md``. Whether calls of a
resource account without an assignment reach the resource is not emulated: they always do. Assumed: codes and wordings
of errors, and that a user's assignment needs client ids.
"""

from __future__ import annotations

import re
from typing import Any

from emulator.acs import identity
from emulator.acs.errors import FORBIDDEN, AcsError, invalid, not_found
from emulator.acs.messages import Answer, Request
from emulator.acs.service import Service

SCOPE = "TeamsExtension.ManageCalls"

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def put(service: Service, request: Request) -> Answer:
    tenant, object_id = _whose(request)
    kind, clients = request.body["principalType"], request.body.get("clientIds") or []
    if (kind == "user") is not bool(clients):
        raise invalid("The field 'clientIds' is required for a user, and for no other principal.")
    assignment: dict[str, Any] = {"objectId": object_id, "tenantId": tenant, "principalType": kind}
    if clients:
        assignment["clientIds"] = clients
    return Answer(assignment, 201 if service.assignments.put(assignment) else 200)


def get(service: Service, request: Request) -> Answer:
    if assignment := service.assignments.get(*_whose(request)):
        return Answer(assignment)
    raise _none()


def delete(service: Service, request: Request) -> Answer:
    if service.assignments.remove(*_whose(request)):
        return Answer()
    raise _none()


def exchange(service: Service, request: Request) -> Answer:
    """A token for an agent's client, which calls with the Entra identity: good for as long as the Entra token is."""
    claims = identity.verified(service, request.bearer)
    assignment = service.assignments.get(str(claims["tid"]), claims["oid"]) or {}
    clients = [each.lower() for each in assignment.get("clientIds", ())]
    if SCOPE not in identity.scopes_of(claims) or identity.client(claims) not in clients:
        message = "The user has no assignment for this client, or the token lacks TeamsExtension.ManageCalls."
        raise AcsError(403, FORBIDDEN, message)
    id = f"8:acs:{service.config.resource_id}_{claims['tid']}_{claims['oid']}"
    access_token = identity.token(service, id, ["voip"], claims["exp"], claims["tid"])
    return Answer({"identity": {"id": id}, "accessToken": access_token})


def _whose(request: Request) -> tuple[str, str]:
    tenant, object_id = request.params["tenantId"], request.params["objectId"]
    if not (_GUID.fullmatch(tenant) and _GUID.fullmatch(object_id)):
        raise invalid("The tenant id and the object id must be GUIDs.")
    return tenant, object_id


def _none() -> AcsError:
    return not_found("There is no such assignment.")
