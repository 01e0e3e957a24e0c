"""People (v1.0 ``/me``, ``/users``).

Microsoft Graph v1.0, "List users", "Get a user", "Use the $search query parameter"; permissions reference,
User.ReadBasic.All. Assumed: that what is beyond the basic profile comes as null, and that a search is by the beginnings
of words. Of a search's expressions it knows terms joined by OR.
"""

from __future__ import annotations

import re
from typing import Any

from emulator.graph import odata
from emulator.graph.asked import Asked, is_named
from emulator.graph.refusals import bad_request, no_resource

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


def me(asked: Asked) -> dict[str, Any]:
    user = asked.signed_in()
    asked.require(*OWN, *BASIC, *FULL, workload="directory")
    return _one(asked, user)


def get(asked: Asked) -> dict[str, Any]:
    user = asked.person(asked.id)
    if _is_me(asked, user):
        return me(asked)
    asked.require(*BASIC, *FULL, workload="directory")
    if user is None:
        raise no_resource(asked.id)
    return _one(asked, user)


def list_all(asked: Asked) -> dict[str, Any]:
    asked.require(*BASIC, *FULL, workload="directory")
    odata.allow(asked, "$search", "$select", "$top", "$skiptoken", "$count", "$filter")
    found = odata.matching(asked, _searched(asked), ("userPrincipalName", "mail", "displayName", "id"))
    answer = odata.page(asked, found, default=PAGE)
    keep = odata.select(asked)
    answer["value"] = [keep(_profile(asked, user)) for user in answer["value"]]
    return odata.context(asked, "users") | answer


def _one(asked: Asked, user: dict[str, Any]) -> dict[str, Any]:
    odata.allow(asked, "$select")
    return odata.context(asked, "users/$entity") | odata.select(asked)(_profile(asked, user))


def _profile(asked: Asked, user: dict[str, Any]) -> dict[str, Any]:
    whole = asked.has(*FULL) or (_is_me(asked, user) and asked.has(*OWN))
    given, _, surname = user["displayName"].partition(" ")
    known = {"givenName": given, "surname": surname or None, "businessPhones": [], **user}
    empty: dict[str, Any] = {name: [] if name == "businessPhones" else None for name in PROFILE}
    return {name: known.get(name) if whole or name in BASIC_PROFILE else empty[name] for name in PROFILE}


def _is_me(asked: Asked, user: dict[str, Any] | None) -> bool:
    return user is not None and asked.user is not None and is_named(user, asked.user["id"])


def _searched(asked: Asked) -> list[dict[str, Any]]:
    text = asked.query.get("$search")
    _check_consistency(asked, text)
    if text is None:
        return asked.people()
    terms = _terms(text)
    return [user for user in asked.people() if any(_fits(user, field, sought) for field, sought in terms)]


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


def _check_consistency(asked: Asked, search: str | None) -> None:
    if asked.http.headers.get("ConsistencyLevel", "").lower() == "eventual":
        return
    if search is not None:
        message = (
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
        raise bad_request(message, "Request_UnsupportedQuery")
    if asked.query.get("$count") == "true":
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
