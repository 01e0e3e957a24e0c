"""People (v1.0 ``/me``, ``/users``).

Microsoft Graph v1.0, "List users", "Get a user", "Use the $search query parameter"; permissions reference,
User.ReadBasic.All. Assumed: that properties beyond the basic profile are null, and that a search is by the beginnings
of words. Of a search's expressions it knows terms joined by OR.
"""

from __future__ import annotations

import re
from typing import Any

from emulator.graph import odata
from emulator.graph.errors import bad_request, no_resource
from emulator.graph.request import GraphRequest, is_named

BASIC = ("User.ReadBasic.All",)
FULL = ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All")
OWN = ("User.Read", "User.ReadWrite")
BASIC_PROFILE = ("id", "displayName", "givenName", "surname", "mail", "userPrincipalName")
PROFILE = (
    *("businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation"),
    *("preferredLanguage", "surname", "userPrincipalName", "id"),
)
PAGE = 100
SEARCHED = ("displayName", "mail", "userPrincipalName")

_TERM = re.compile(r'\s*"(?P<field>\w+):(?P<text>(?:[^"\\]|\\.)*)"\s*(?:(?P<more>OR)\s|\Z)')


def me(request: GraphRequest) -> dict[str, Any]:
    user = request.signed_in()
    request.require(*OWN, *BASIC, *FULL, workload="directory")
    return _one(request, user)


def get(request: GraphRequest) -> dict[str, Any]:
    user = request.person(request.id)
    if _is_me(request, user):
        return me(request)
    request.require(*BASIC, *FULL, workload="directory")
    if user is None:
        raise no_resource(request.id)
    return _one(request, user)


def list_all(request: GraphRequest) -> dict[str, Any]:
    request.require(*BASIC, *FULL, workload="directory")
    odata.allow(request, "$search", "$select", "$top", "$skiptoken", "$count", "$filter")
    found = odata.matching(request, _searched(request), ("userPrincipalName", "mail", "displayName", "id"))
    answer = odata.page(request, found, default=PAGE)
    keep = odata.select(request)
    answer["value"] = [keep(_profile(request, user)) for user in answer["value"]]
    return odata.context(request, "users") | answer


def _one(request: GraphRequest, user: dict[str, Any]) -> dict[str, Any]:
    odata.allow(request, "$select")
    return odata.context(request, "users/$entity") | odata.select(request)(_profile(request, user))


def _profile(request: GraphRequest, user: dict[str, Any]) -> dict[str, Any]:
    whole = request.has(*FULL) or (_is_me(request, user) and request.has(*OWN))
    given, _, surname = user["displayName"].partition(" ")
    known = {"givenName": given, "surname": surname or None, "businessPhones": [], **user}
    empty: dict[str, Any] = {name: [] if name == "businessPhones" else None for name in PROFILE}
    return {name: known.get(name) if whole or name in BASIC_PROFILE else empty[name] for name in PROFILE}


def _is_me(request: GraphRequest, user: dict[str, Any] | None) -> bool:
    return user is not None and request.user is not None and is_named(user, request.user["id"])


def _searched(request: GraphRequest) -> list[dict[str, Any]]:
    text = request.query.get("$search")
    _check_consistency(request, text)
    if text is None:
        return request.people()
    terms = _terms(text)
    return [user for user in request.people() if any(_fits(user, field, sought) for field, sought in terms)]


def _terms(text: str) -> list[tuple[str, str]]:
    terms: list[tuple[str, str]] = []
    place = 0
    while term := _TERM.match(text, place):
        field = next((each for each in SEARCHED if each.lower() == term["field"].lower()), None)
        if field is None:
            break
        terms.append((field, re.sub(r"\\(.)", r"\1", term["text"])))
        if not term["more"]:
            return terms
        place = term.end()
    raise bad_request(
        f"Syntax error: character '{text[place : place + 1]}' is not valid at position {place} in '{text}'."
    )


def _check_consistency(request: GraphRequest, search: str | None) -> None:
    if request.http.headers.get("ConsistencyLevel", "").lower() == "eventual":
        return
    if search is not None:
        message = (
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
        raise bad_request(message, "Request_UnsupportedQuery")
    if request.query.get("$count") == "true":
        raise bad_request("$count is not currently supported.", "Request_BadRequest")


def _fits(user: dict[str, Any], field: str, sought: str) -> bool:
    """Each of the words that are sought begins a word of the name; all of it begins any other property."""
    value = str(user.get(field) or "")
    if field != "displayName":
        return value.lower().startswith(sought.lower())
    words = _words(value)
    return all(any(word.startswith(part) for word in words) for part in _words(sought))


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s@.,-]+", text.lower()) if word]
