"""The catalogue of errors of Entra, Graph, ACS and Teams, and of those that the directory itself reports.

Sources: Microsoft Learn, "Microsoft Entra authentication and authorization error codes"; "Microsoft Graph error
responses and resource types"; Azure Communication Services REST API, Identity 2023-10-01 and Access 2025-06-30.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

from msgspec import Struct

Source = Literal["Entra", "Graph", "ACS", "Teams", "app"]


class ErrorEntry(Struct, frozen=True):
    """One kind of error. ``status`` is what the app's own API answers with; ``transient`` that a retry can succeed."""

    source: Source
    code: str
    status: int
    meaning: str
    remedy: str
    transient: bool = False

    @property
    def anchor(self) -> str:
        """The anchor of its row in docs/errors.md."""
        return f"{self.source}-{self.code}".lower()


_entra, _graph, _acs = partial(ErrorEntry, "Entra"), partial(ErrorEntry, "Graph"), partial(ErrorEntry, "ACS")
_teams, _app = partial(ErrorEntry, "Teams"), partial(ErrorEntry, "app")

AGAIN = "Try again in a few seconds."
SIGN_IN_AGAIN = "Sign in again, and call with the new token."
CONTACT_SUPPORT = "Find the request id in the app's log, and contact Microsoft support with it."

ENTRIES: tuple[ErrorEntry, ...] = (
    _entra(
        "AADSTS65001",
        403,
        "no administrator has consented to the app's permissions for Microsoft Graph",
        "An administrator of the tenant grants consent for the API's app registration (Entra admin center, "
        "Enterprise applications, Permissions, Grant admin consent).",
    ),
    _entra(
        "AADSTS700016",
        403,
        "the app is not registered in this tenant",
        "An administrator of the tenant consents to the API's app registration, which registers it there; check "
        "API_CLIENT_ID if it is the app's own tenant.",
    ),
    _entra(
        "AADSTS7000215",
        502,
        "the app's secret is wrong",
        "Set API_CLIENT_SECRET to the emulator's secret; in Azure remove it, and use a federated credential.",
    ),
    _entra(
        "AADSTS70021",
        502,
        "no federated credential of the app registration fits the app's managed identity",
        "Add a federated credential for the managed identity to the API's app registration (issuer, subject and "
        "audience api://AzureADTokenExchange), and wait some minutes.",
    ),
    _entra(
        "AADSTS700213",
        502,
        "no federated credential of the app registration fits the app's managed identity",
        "Check the subject of the federated credential: it is the object (principal) id of the managed identity.",
    ),
    _entra("AADSTS500133", 401, "the token has expired", SIGN_IN_AGAIN),
    _entra("AADSTS50013", 401, "the token's signature is not valid", SIGN_IN_AGAIN),
    _entra(
        "AADSTS500131",
        401,
        "the token is meant for another application",
        "Ask for a token of this API (scope api://API_CLIENT_ID/access_as_user), and check API_CLIENT_ID.",
    ),
    _entra(
        "AADSTS50173",
        401,
        "the sign-in was revoked, such as by a changed password",
        SIGN_IN_AGAIN,
    ),
    _entra(
        "AADSTS50057",
        403,
        "the user's account is disabled",
        "An administrator of the tenant enables the user, if that is intended.",
    ),
    _entra(
        "AADSTS50076",
        401,
        "the user must complete multi-factor authentication",
        "The client signs the user in again with the claims of this response, which asks for the second factor.",
    ),
    _entra(
        "AADSTS50079",
        401,
        "the user must register for multi-factor authentication",
        "The client signs the user in again with the claims of this response, which asks to register one.",
    ),
    _entra(
        "AADSTS90002",
        502,
        "there is no such tenant",
        "Check the ids in API_TENANTS, and that AZURE_AUTHORITY_HOST is of the same cloud.",
    ),
    _entra(
        "AADSTS50105",
        403,
        "the user is not assigned to the app",
        "An administrator assigns the user, or a group of theirs, to the app (Enterprise applications, Users and "
        "groups) with the role Agent, Supervisor or Administrator.",
    ),
    _entra(
        "AADSTS53003",
        403,
        "a conditional access policy does not let the user in",
        "An administrator looks at the sign-in log, which names the policy; the user may have to come from a "
        "managed device or place.",
    ),
    _entra(
        "AADSTS500011",
        502,
        "the resource that a token is requested for is not known in this tenant",
        "Check that GRAPH_ENDPOINT and AZURE_AUTHORITY_HOST belong to the same cloud as the tenant.",
    ),
    _entra("429", 503, "Entra throttles the app", AGAIN, transient=True),
    _graph(
        "InvalidAuthenticationToken",
        401,
        "Graph did not accept the token obtained on behalf of the caller",
        f"{SIGN_IN_AGAIN} If that does not help, check that GRAPH_ENDPOINT and AZURE_AUTHORITY_HOST are of the "
        "same cloud.",
    ),
    _graph(
        "Forbidden",
        403,
        "the caller or the app may not do this in Graph",
        "Check the permission of the API's app registration and its admin consent (resource accounts: "
        "TeamsResourceAccount.Read.All; delegation: CallDelegation.Read), and the caller's directory role (Teams "
        "Administrator for resource accounts, Teams Telephony Administrator for other people's delegation). "
        "Sign in again once it is changed.",
    ),
    _graph(
        "Authorization_RequestDenied",
        403,
        "the app lacks a permission of Graph, or the caller the right to use it",
        "An administrator of the tenant grants consent for the API's app registration, and the caller gets the "
        "directory role that the operation demands; then signs in again.",
    ),
    _graph(
        "ErrorAccessDenied",
        403,
        "the app lacks the permission for calendars, or the caller has no mailbox",
        "An administrator of the tenant grants consent for Calendars.Read of the API's app registration, and looks "
        "whether the caller has a mailbox in Exchange Online.",
    ),
    _graph(
        "DelegationNotAllowed",
        403,
        "the user's Teams calling policy does not allow delegation",
        "A Teams administrator turns AllowDelegation on: Set-CsTeamsCallingPolicy -Identity POLICY "
        "-AllowDelegation $true, or grants the user a policy that has it.",
    ),
    _graph("Request_ResourceNotFound", 404, "the object does not exist in the directory", "Check the id."),
    _graph("NotFound", 404, "the object does not exist, or the caller may not see it", "Check the id."),
    _graph(
        "TooManyRequests",
        429,
        "Graph throttles the app",
        "Try again after the number of seconds in Retry-After.",
        transient=True,
    ),
    _graph("ServiceUnavailable", 503, "Graph is unavailable", AGAIN, transient=True),
    _graph("BadRequest", 400, "Graph rejects the request as malformed", "Check the parameters."),
    _graph("Conflict", 409, "another request is changing the same object", AGAIN, transient=True),
    _acs("400", 400, "ACS rejects the request as malformed", "Check the ids, scopes and minutes."),
    _acs(
        "401",
        502,
        "ACS refused the app's credentials, or the token to be exchanged",
        "Check ACS_ENDPOINT and the app's identity; for a Teams token, that the client asked Entra for "
        "https://auth.msft.communication.azure.com/Teams.ManageCalls and Teams.ManageChats.",
    ),
    _acs(
        "403",
        403,
        "ACS does not let the app or the user do this",
        "Give the app's identity its role on the ACS resource; for an agent, grant the access assignment of the "
        "user with the client's id.",
    ),
    _acs("404", 404, "ACS has no object with this id", "Check the id, and that it is of this ACS resource."),
    _acs("429", 429, "ACS throttles the app", "Try again after the number of seconds in Retry-After.", transient=True),
    _acs(
        "IdentityNotOwned",
        404,
        "the identity is not of this ACS resource",
        "Check the id: an ACS resource knows only the identities that it created.",
    ),
    _acs(
        "InvalidAccessToken",
        400,
        "ACS refused to exchange the Entra token",
        "The client asks Entra for https://auth.msft.communication.azure.com/Teams.ManageCalls and Teams.ManageChats, "
        "and sends that token as it is.",
    ),
    _teams(
        "NoSuchAccount",
        404,
        "there is no such resource account",
        "Check RESOURCE_ACCOUNTS; a Teams administrator creates one with New-CsOnlineApplicationInstance.",
    ),
    _teams(
        "NotLinked",
        409,
        "the resource account is linked to no ACS resource",
        "A Teams administrator links it: Set-CsOnlineApplicationInstance -Identity UPN -ApplicationId APP_ID "
        "-AcsResourceId ACS_RESOURCE_ID, then Sync-CsOnlineApplicationInstance.",
    ),
    _teams(
        "LinkedElsewhere",
        409,
        "the resource account is linked to another ACS resource",
        "Check ACS_RESOURCE_ID; if it is right, a Teams administrator links the account anew with "
        "Set-CsOnlineApplicationInstance -AcsResourceId.",
    ),
    _teams(
        "NotSynced",
        409,
        "the resource account is linked, but the link has not been synchronised to Teams' calling service",
        "A Teams administrator runs Sync-CsOnlineApplicationInstance -ObjectId OBJECT_ID -ApplicationId APP_ID "
        "-AcsResourceId ACS_RESOURCE_ID, and waits some minutes.",
    ),
    _teams(
        "NotConsented",
        409,
        "the ACS resource has no access assignment for the resource account",
        "An owner of the ACS resource grants it: PUT /api/v1/tenants/TENANT_ID/access-assignments/OBJECT_ID with "
        '{"kind": "resourceAccount"}.',
    ),
    _teams(
        "NumberNotAssigned",
        409,
        "the resource account has no phone number",
        "A Teams administrator assigns one: Set-CsPhoneNumberAssignment -Identity UPN -PhoneNumber NUMBER "
        "-PhoneNumberType TYPE. Without a number only transfers reach the account.",
    ),
    _teams(
        "LicenceMissing",
        409,
        "the resource account has no Teams Phone Resource Account licence",
        "An administrator assigns the licence (Microsoft 365 admin center), which a phone number requires.",
    ),
    _app(
        "NeedsUser",
        403,
        "the operation requires a signed-in user",
        "Call with a user's token for this API: Graph has no application permission for it.",
    ),
    _app(
        "NotValid",
        400,
        "an argument is not valid",
        "Correct the argument that the detail names; see the route in /api/v1/openapi.json.",
    ),
    _app(
        "BadContinuation",
        400,
        "the continuation was not issued by this app",
        "Start again without it, and follow nextLink unchanged.",
    ),
    _app(
        "OtherCaller",
        403,
        "the token belongs to another user than the caller",
        "Get both tokens for the same user.",
    ),
    _app(
        "IdentityNotFound",
        404,
        "the caller has no identity with this id",
        "Check the id: an identity belongs to the caller who created it and the administrators of the same tenant.",
    ),
    _app(
        "IdentitiesDisabled",
        403,
        "this app creates no ACS identities, and issues no tokens for them",
        "Have the operators set ACS_IDENTITIES_PER_TENANT. Calls with such identities are billed to the ACS resource.",
    ),
    _app(
        "IdentityQuotaExceeded",
        409,
        "the tenant has as many ACS identities as it may have",
        "Delete identities that are not used, or have the operators raise ACS_IDENTITIES_PER_TENANT.",
    ),
    _app(
        "OtherTenant",
        403,
        "the caller or the app has no access to this tenant",
        "Call with a token of that tenant, and check that API_TENANTS lists it.",
    ),
    _app(
        "ForeignLink",
        502,
        "the link to the next page leads to another host or path, and was not followed",
        CONTACT_SUPPORT,
    ),
    _app("UnexpectedResponse", 502, "the response does not have the documented form", CONTACT_SUPPORT),
    _app(
        "NoIdentity",
        503,
        "the app has no identity to authenticate with",
        "Enable the app's managed identity; AZURE_CLIENT_ID is its client id if it is user-assigned.",
    ),
    _app("TimedOut", 504, "no response arrived in time", AGAIN, transient=True),
    _app("Unreachable", 503, "Entra, Graph or ACS is unreachable", AGAIN, transient=True),
)
