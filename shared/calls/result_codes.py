"""Two catalogues: what each code means, whether trying again can help, and what to do.

``CATALOGUE`` has the result codes of calls. ``REFUSALS`` has what the directory's neighbours refuse with (Entra, Graph,
ACS's identities and access, Teams), and what is refused here.

ACS reports results in two places with one vocabulary: ``resultInformation{code, subCode}`` of a callback, and
the HTTP status with ``error.code`` of a refused request. Both are read here as ``code/sub_code``.
Source: Microsoft Learn, Azure Communication Services, "Troubleshooting response codes" and "Call Automation
error codes"; Teams Phone extensibility FAQ.
"""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Literal

from msgspec import Struct


class Verdict(StrEnum):
    TRANSIENT = "transient"  # the same request can succeed later
    FINAL = "final"  # it will not, however often it is sent
    ALREADY = "already"  # what was asked for is so already


class Outcome(Struct, frozen=True):
    code: int
    sub_code: int
    verdict: Verdict
    meaning: str
    remedy: str


def _outcome(code: int, sub_code: int, verdict: str, meaning: str, remedy: str) -> Outcome:
    return Outcome(code, sub_code, Verdict(verdict), meaning, remedy)


NOTHING_TO_DO = "Nothing: the app tries again by itself."
NOT_THE_APP = "Nothing in the app: this is how the call went."

CATALOGUE: tuple[Outcome, ...] = (
    _outcome(200, 7000, "final", "the call was hung up", NOT_THE_APP),
    _outcome(
        400,
        8500,
        "final",
        "the media mode is not valid for this call",
        "Check the media streaming and recording settings against what the call type supports.",
    ),
    _outcome(400, 8501, "transient", "the call is not established yet", NOTHING_TO_DO),
    _outcome(
        400,
        8523,
        "final",
        "an argument is not valid",
        "Read the message: it names the argument. Calls of Teams Phone take no caller id and no display name.",
    ),
    _outcome(400, 8528, "final", "the call has ended already", NOT_THE_APP),
    _outcome(
        400,
        8535,
        "final",
        "the audio file of a prompt could not be used",
        "Check that the file is a reachable WAV (mono, 16-bit PCM, 8 or 16 kHz) or MP3.",
    ),
    _outcome(
        400,
        8559,
        "already",
        "the call is being recorded already",
        "Nothing: the recording that runs is kept.",
    ),
    _outcome(
        400,
        8585,
        "final",
        "the call is in a state that does not allow this",
        "Look at the timeline for what came before.",
    ),
    _outcome(401, 0, "final", "the credentials were refused", "Check ACS_ENDPOINT and the app's identity."),
    _outcome(
        403,
        0,
        "final",
        "the app may not do this",
        "Give the app's identity its role on the ACS resource.",
    ),
    _outcome(403, 7504, "final", "the request's signature was refused", "Check ACS_ACCESS_KEY."),
    _outcome(403, 7507, "final", "the request's signature was refused", "Check ACS_ACCESS_KEY."),
    _outcome(
        403,
        7509,
        "final",
        "the request's signature is for another resource",
        "Check that ACS_ENDPOINT and ACS_ACCESS_KEY belong together.",
    ),
    _outcome(
        403,
        10105,
        "final",
        "the resource account's bot lacks the Teams channel",
        "Add the Microsoft Teams channel to the Azure bot of this application.",
    ),
    _outcome(
        403,
        510403,
        "final",
        "the number was blocked as spam by its carrier",
        "Ask the carrier of the calling number.",
    ),
    _outcome(404, 8522, "final", "the call or recording does not exist (any more)", NOT_THE_APP),
    _outcome(
        405,
        8520,
        "final",
        "the operation is not supported for this call",
        "Calls of Teams Phone do not support mute, hold and redirect.",
    ),
    _outcome(408, 0, "transient", "no answer came in time", NOTHING_TO_DO),
    _outcome(
        408,
        10057,
        "final",
        "the invitation timed out",
        "The agent did not answer, or is signed in with a Teams token instead of a dual-persona one.",
    ),
    _outcome(409, 8519, "transient", "another operation on the call is under way", NOTHING_TO_DO),
    _outcome(
        412,
        8583,
        "final",
        "a condition of the operation does not hold",
        "Look at the timeline for what came before.",
    ),
    _outcome(
        422,
        0,
        "final",
        "the identity to call on behalf of is not a Teams app identity",
        "Give the resource account as a MicrosoftTeamsAppIdentifier.",
    ),
    _outcome(429, 8516, "transient", "too many requests", NOTHING_TO_DO),
    _outcome(
        429,
        8529,
        "final",
        "the resource has used up its monthly allowance",
        "Ask Microsoft support to raise the limit of the ACS resource.",
    ),
    _outcome(
        429,
        8530,
        "transient",
        "the resource has too many active calls",
        "If it lasts, ask Microsoft support to raise the limit of the ACS resource.",
    ),
    _outcome(480, 560480, "final", "nobody answered", NOT_THE_APP),
    _outcome(487, 10003, "final", "the call was answered elsewhere", NOT_THE_APP),
    _outcome(487, 10004, "final", "it rang until the time was up", NOT_THE_APP),
    _outcome(
        500,
        8511,
        "final",
        "the prompt could not be played",
        "Check the prompt and, for spoken text, COGNITIVE_SERVICES_ENDPOINT and the ACS resource's access to it.",
    ),
    _outcome(603, 560603, "final", "the call was declined", NOT_THE_APP),
)

_BY_CODES = {(o.code, o.sub_code): o for o in CATALOGUE}

# HTTP's own reading of a status that the catalogue does not know: RFC 9110 section 15 and RFC 6585.
_RETRYABLE_STATUS = frozenset({408, 425, 429})
_SERVER_ERRORS = range(500, 600)


def look_up(code: int, sub_code: int) -> Outcome:
    """What ``code/sub_code`` means. An unknown sub-code is judged by its code alone: 408, 425, 429 and 5xx can
    pass, everything else is final.
    """
    known = _BY_CODES.get((code, sub_code)) or _BY_CODES.get((code, 0))
    if known is not None:
        return known
    transient = code in _RETRYABLE_STATUS or code in _SERVER_ERRORS
    return Outcome(
        code,
        sub_code,
        Verdict.TRANSIENT if transient else Verdict.FINAL,
        "the platform failed" if transient else "the platform refused, for a reason the catalogue does not name",
        "Look the code up in Microsoft's list of ACS response codes.",
    )


# -- Refusals --------------------------------------------------------------------------------------------------

Source = Literal["Entra", "Graph", "ACS", "Teams", "here"]


class Refusal(Struct, frozen=True):
    """Why something of the directory can't be had. ``status`` is what our API answers with."""

    source: Source
    code: str
    verdict: Verdict
    status: int
    meaning: str
    remedy: str

    @property
    def anchor(self) -> str:
        """Where it stands in docs/errors.md."""
        return f"{self.source}-{self.code}".lower()


def _refusal(  # noqa: PLR0917  # a row of the catalogue
    source: Source, code: str, verdict: str, status: int, meaning: str, remedy: str
) -> Refusal:
    return Refusal(source, code, Verdict(verdict), status, meaning, remedy)


_entra, _graph, _acs = partial(_refusal, "Entra"), partial(_refusal, "Graph"), partial(_refusal, "ACS")
_teams, _here = partial(_refusal, "Teams"), partial(_refusal, "here")

AGAIN = "Try again in a moment."
SIGN_IN_AGAIN = "Sign in again, and call with the new token."
ASK_FOR_HELP = "Look at the log of the app for the request id, and ask Microsoft support with it."

# Sources: Microsoft Learn, "Microsoft Entra authentication and authorization error codes"; "Microsoft Graph error
# responses and resource types"; Azure Communication Services REST API, Identity 2023-10-01 and Access 2025-06-30.
REFUSALS: tuple[Refusal, ...] = (
    _entra(
        "AADSTS65001",
        "final",
        403,
        "nobody has consented to what the app asks of Microsoft Graph",
        "An administrator of the tenant grants consent for the API's app registration (Entra admin center, "
        "Enterprise applications, Permissions, Grant admin consent).",
    ),
    _entra(
        "AADSTS700016",
        "final",
        403,
        "the app is not known in this tenant",
        "An administrator of the tenant consents to the API's app registration, which makes it known there; check "
        "API_CLIENT_ID if it is the app's own tenant.",
    ),
    _entra(
        "AADSTS7000215",
        "final",
        502,
        "the app's secret is wrong",
        "Set API_CLIENT_SECRET to the secret that the emulator knows; in Azure remove it, and use a federated "
        "credential.",
    ),
    _entra(
        "AADSTS70021",
        "final",
        502,
        "no federated credential of the app registration fits the app's managed identity",
        "Add a federated credential for the managed identity to the API's app registration (issuer, subject and "
        "audience api://AzureADTokenExchange), and wait some minutes.",
    ),
    _entra(
        "AADSTS700213",
        "final",
        502,
        "no federated credential of the app registration fits the app's managed identity",
        "Check the subject of the federated credential: it is the object (principal) id of the managed identity.",
    ),
    _entra("AADSTS500133", "final", 401, "the token has expired", SIGN_IN_AGAIN),
    _entra("AADSTS50013", "final", 401, "the token's signature is not valid", SIGN_IN_AGAIN),
    _entra(
        "AADSTS500131",
        "final",
        401,
        "the token is meant for another application",
        "Ask for a token of this API (scope api://API_CLIENT_ID/access_as_user), and check API_CLIENT_ID.",
    ),
    _entra(
        "AADSTS50173",
        "final",
        401,
        "the sign-in was revoked, such as by a changed password",
        SIGN_IN_AGAIN,
    ),
    _entra(
        "AADSTS50057",
        "final",
        403,
        "the user's account is disabled",
        "An administrator of the tenant enables the user, if that is intended.",
    ),
    _entra(
        "AADSTS50076",
        "final",
        401,
        "the user must prove who they are by a second factor",
        "The client signs the user in again with the claims of this answer, which asks for the second factor.",
    ),
    _entra(
        "AADSTS50079",
        "final",
        401,
        "the user must register a second factor",
        "The client signs the user in again with the claims of this answer, which asks to register one.",
    ),
    _entra(
        "AADSTS90002",
        "final",
        502,
        "there is no such tenant",
        "Check the ids in API_TENANTS, and that AZURE_AUTHORITY_HOST is of the same cloud.",
    ),
    _entra(
        "AADSTS50105",
        "final",
        403,
        "the user is not assigned to the app",
        "An administrator assigns the user, or a group of theirs, to the app (Enterprise applications, Users and "
        "groups) with the role Agent, Supervisor or Administrator.",
    ),
    _entra(
        "AADSTS53003",
        "final",
        403,
        "a conditional access policy does not let the user in",
        "An administrator looks at the sign-in log, which names the policy; the user may have to come from a "
        "managed device or place.",
    ),
    _entra(
        "AADSTS500011",
        "final",
        502,
        "what a token is asked for is not known in this tenant",
        "Check that GRAPH_ENDPOINT and AZURE_AUTHORITY_HOST belong to the same cloud as the tenant.",
    ),
    _entra("429", "transient", 503, "Entra is asked too often", AGAIN),
    _graph(
        "InvalidAuthenticationToken",
        "final",
        401,
        "Graph did not accept the token that was exchanged for the caller's",
        f"{SIGN_IN_AGAIN} If that does not help, check that GRAPH_ENDPOINT and AZURE_AUTHORITY_HOST are of the "
        "same cloud.",
    ),
    _graph(
        "Forbidden",
        "final",
        403,
        "the caller or the app may not do this in Graph",
        "Check the permission of the API's app registration and its admin consent (resource accounts: "
        "TeamsResourceAccount.Read.All; delegation: CallDelegation.Read), and the caller's directory role (Teams "
        "Administrator for resource accounts, Teams Telephony Administrator for other people's delegation). "
        "Sign in again once it is changed.",
    ),
    _graph(
        "Authorization_RequestDenied",
        "final",
        403,
        "the app lacks a permission of Graph, or the caller the right to use it",
        "An administrator of the tenant grants consent for the API's app registration, and the caller gets the "
        "directory role that the operation demands; then signs in again.",
    ),
    _graph(
        "ErrorAccessDenied",
        "final",
        403,
        "the app lacks the permission for calendars, or the caller has no mailbox",
        "An administrator of the tenant grants consent for Calendars.Read of the API's app registration, and looks "
        "whether the caller has a mailbox in Exchange Online.",
    ),
    _graph(
        "DelegationNotAllowed",
        "final",
        403,
        "the user's Teams calling policy does not allow delegation",
        "A Teams administrator turns AllowDelegation on: Set-CsTeamsCallingPolicy -Identity POLICY "
        "-AllowDelegation $true, or grants the user a policy that has it.",
    ),
    _graph("Request_ResourceNotFound", "final", 404, "there is no such thing in the directory", "Check the id."),
    _graph("NotFound", "final", 404, "there is no such thing, or not for this caller", "Check the id."),
    _graph(
        "TooManyRequests",
        "transient",
        429,
        "Graph is asked too often",
        "Try again after the time that Retry-After gives.",
    ),
    _graph("ServiceUnavailable", "transient", 503, "Graph can't answer now", AGAIN),
    _graph("BadRequest", "final", 400, "Graph does not understand what was asked for", "Check the parameters."),
    _graph("Conflict", "transient", 409, "somebody else is changing the same thing", AGAIN),
    _acs("400", "final", 400, "ACS does not understand what was asked for", "Check the ids, scopes and minutes."),
    _acs(
        "401",
        "final",
        502,
        "ACS refused the app's credentials, or the token that was to be exchanged",
        "Check ACS_ENDPOINT and the app's identity; for a Teams token, that the client asked Entra for "
        "https://auth.msft.communication.azure.com/Teams.ManageCalls and Teams.ManageChats.",
    ),
    _acs(
        "403",
        "final",
        403,
        "ACS does not let the app or the user do this",
        "Give the app's identity its role on the ACS resource; for an agent, grant the access assignment of the "
        "user with the client's id.",
    ),
    _acs("404", "final", 404, "ACS knows nothing by this id", "Check the id, and that it is of this ACS resource."),
    _acs("429", "transient", 429, "ACS is asked too often", "Try again after the time that Retry-After gives."),
    _acs(
        "IdentityNotOwned",
        "final",
        404,
        "the identity is not of this ACS resource",
        "Check the id: ACS knows only identities that were made with this resource.",
    ),
    _acs(
        "InvalidAccessToken",
        "final",
        400,
        "ACS does not take the Entra token that was to be exchanged",
        "The client asks Entra for https://auth.msft.communication.azure.com/Teams.ManageCalls and Teams.ManageChats, "
        "and sends that token as it is.",
    ),
    _teams(
        "NoSuchAccount",
        "final",
        404,
        "there is no such resource account",
        "Check RESOURCE_ACCOUNTS; a Teams administrator creates one with New-CsOnlineApplicationInstance.",
    ),
    _teams(
        "NotLinked",
        "final",
        409,
        "the resource account is linked to no ACS resource",
        "A Teams administrator links it: Set-CsOnlineApplicationInstance -Identity UPN -ApplicationId APP_ID "
        "-AcsResourceId ACS_RESOURCE_ID, then Sync-CsOnlineApplicationInstance.",
    ),
    _teams(
        "LinkedElsewhere",
        "final",
        409,
        "the resource account is linked to another ACS resource",
        "Check ACS_RESOURCE_ID; if it is right, a Teams administrator links the account anew with "
        "Set-CsOnlineApplicationInstance -AcsResourceId.",
    ),
    _teams(
        "NotSynced",
        "final",
        409,
        "the resource account is linked, but the link has not reached Teams' calling service",
        "A Teams administrator runs Sync-CsOnlineApplicationInstance -ObjectId OBJECT_ID -ApplicationId APP_ID "
        "-AcsResourceId ACS_RESOURCE_ID, and waits some minutes.",
    ),
    _teams(
        "NotConsented",
        "final",
        409,
        "the ACS resource has no access assignment for the resource account",
        "An owner of the ACS resource grants it: PUT /api/v1/tenants/TENANT_ID/access-assignments/OBJECT_ID with "
        '{"kind": "resourceAccount"}.',
    ),
    _teams(
        "NumberNotAssigned",
        "final",
        409,
        "the resource account has no phone number",
        "A Teams administrator assigns one: Set-CsPhoneNumberAssignment -Identity UPN -PhoneNumber NUMBER "
        "-PhoneNumberType TYPE. Without one the account can be reached by transfers only.",
    ),
    _teams(
        "LicenceMissing",
        "final",
        409,
        "the resource account has no Teams Phone Resource Account licence",
        "An administrator assigns the licence (Microsoft 365 admin center), which a number can't be without.",
    ),
    _here(
        "NeedsUser",
        "final",
        403,
        "this can only be done on behalf of somebody who is signed in",
        "Call with a user's token of this API: Graph knows no application permission for it.",
    ),
    _here(
        "NotValid",
        "final",
        400,
        "an argument names nothing that Graph or ACS could take",
        "Look at the detail, and at the route's description in /api/v1/openapi.json.",
    ),
    _here(
        "BadContinuation",
        "final",
        400,
        "the continuation is none that this app has given",
        "Begin again without it, and follow nextLink as it is.",
    ),
    _here(
        "OtherCaller",
        "final",
        403,
        "the token is another user's than the caller's",
        "Get both tokens for the same user.",
    ),
    _here(
        "NotYours",
        "final",
        404,
        "there is no such identity of this caller",
        "Check the id: an identity is for whoever had it made, and for the administrators of the same tenant.",
    ),
    _here(
        "OtherTenant",
        "final",
        403,
        "this belongs to a tenant that the caller or the app may not see",
        "Call with a token of that tenant, and check that API_TENANTS names it.",
    ),
    _here(
        "ForeignLink",
        "final",
        502,
        "the link to the next page leads away from what was asked for, and was not followed",
        ASK_FOR_HELP,
    ),
    _here("Unreadable", "final", 502, "the answer is not what is documented", ASK_FOR_HELP),
    _here(
        "NoIdentity",
        "final",
        503,
        "the app has no identity to prove itself with",
        "Turn on the app's managed identity; AZURE_CLIENT_ID names it if it is user-assigned.",
    ),
    _here("TimedOut", "transient", 504, "no answer came in time", AGAIN),
    _here("Unreachable", "transient", 503, "Entra, Graph or ACS can't be reached", AGAIN),
)

_BY_SOURCE = {(r.source, r.code): r for r in REFUSALS}


def refusal(source: Source, code: str, status: int = 0) -> Refusal:
    """What a refusal means. A code that is not listed is judged by the status it came with: 408, 425, 429 and 5xx can
    pass, everything else is final.
    """
    known = _BY_SOURCE.get((source, code)) or _BY_SOURCE.get((source, str(status)))
    if known is not None:
        return known
    if status in _RETRYABLE_STATUS or status in _SERVER_ERRORS:
        return Refusal(source, code, Verdict.TRANSIENT, 503, f"{_NAMES[source]} can't answer now", AGAIN)
    remedy = "Look the code up in Microsoft's documentation; the log of the app has the request id."
    ours = _ANSWERS.get(status, 502)  # what nobody can explain is no mistake of the caller's
    return Refusal(source, code, Verdict.FINAL, ours, f"{_NAMES[source]} refused, for a reason not listed", remedy)


_NAMES = {"here": "the app"} | {name: name for name in ("Entra", "Graph", "ACS", "Teams")}
_ANSWERS = {400: 400, 403: 403, 404: 404, 409: 409, 412: 409}

NEEDS_USER = refusal("here", "NeedsUser")
NOT_VALID = refusal("here", "NotValid")
BAD_CONTINUATION = refusal("here", "BadContinuation")
OTHER_TENANT = refusal("here", "OtherTenant")
NOT_YOURS = refusal("here", "NotYours")
FOREIGN_LINK = refusal("here", "ForeignLink")
UNREADABLE = refusal("here", "Unreadable")
NO_IDENTITY = refusal("here", "NoIdentity")
TIMED_OUT = refusal("here", "TimedOut")
UNREACHABLE = refusal("here", "Unreachable")
