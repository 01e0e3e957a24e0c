"""The licences of a user (v1.0 ``licenseDetails``).

Microsoft Graph v1.0, "List licenseDetails"; ids are those of "Product names and service plan identifiers for
licensing", as far as they are listed there.
"""

from __future__ import annotations

import uuid
from typing import Any

from emulator.graph import odata
from emulator.graph.errors import no_resource
from emulator.graph.request import GraphRequest, is_named

ALL = ("LicenseAssignment.Read.All", "User.Read.All", "Directory.Read.All")
OWN = ("User.Read", "User.ReadWrite")
PRODUCTS = {  # SKU part number: its id, the name of its service plan, and that one's id
    "PHONESYSTEM_VIRTUALUSER": (
        "440eaaa8-b3e0-484b-a8be-62870b9ba70a",
        "MCOEV_VIRTUALUSER",
        "f47330e9-c134-43b3-9993-e7f004506889",
    ),
    "MCOEV": ("e43b5b99-8dfb-405f-9987-dc307f34bcbd", "MCOEV", "4828c8ec-dc2e-4779-b502-87ac9ce28ab7"),
}


def list_all(request: GraphRequest) -> dict[str, Any]:
    user = _owner(request)
    odata.allow(request, "$select")
    keep = odata.select(request)
    details = [keep(_details(user, name)) for name in user.get("licenses", ())]
    return odata.context(request, f"users('{user['id']}')/licenseDetails") | {"value": details}


def _owner(request: GraphRequest) -> dict[str, Any]:
    if "id" not in request.http.match_info:
        user: dict[str, Any] | None = request.signed_in()
    else:
        user = request.person(request.id)
    mine = user is not None and request.user is not None and is_named(user, request.user["id"])
    request.require(*(OWN if mine else ()), *ALL, workload="directory")
    if user is None:
        raise no_resource(request.id)
    return user


def _details(user: dict[str, Any], name: str) -> dict[str, Any]:
    unknown = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
    sku, plan, plan_id = PRODUCTS.get(name, (unknown, name, unknown))
    return {
        "id": uuid.uuid5(uuid.UUID(user["id"]), sku).hex,
        "skuId": sku,
        "skuPartNumber": name,
        "servicePlans": [
            {
                "servicePlanId": plan_id,
                "servicePlanName": plan,
                "provisioningStatus": "Success",
                "appliesTo": "User",
            }
        ],
    }
