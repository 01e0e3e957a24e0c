"""The people of a tenant, as visible to the signed-in user (Microsoft Graph v1.0, User.ReadBasic.All).

The permission covers names and addresses. Job titles need User.Read.All, which the app does not request; where it is
granted nevertheless, they are included.
"""

from __future__ import annotations

from msgspec import Struct

from shared.directory.caller import Caller
from shared.directory.checks import not_valid, read, top, user_path
from shared.directory.graph import Graph
from shared.directory.models import Page, Person
from shared.directory.on_behalf_of import GraphCredentials

LONGEST_TEXT = 100  # characters to search for
# Names match by the beginnings of words, addresses from the start ("Use the $search query parameter").
SEARCHED = ("displayName", "mail", "userPrincipalName")
FIELDS = {"$select": "id,displayName,userPrincipalName,mail,jobTitle"}
# Without it Graph refuses $search on users ("Advanced query capabilities on Microsoft Entra ID objects").
EVENTUAL = {"ConsistencyLevel": "eventual"}


class _User(Struct, rename="camel"):
    id: str
    display_name: str | None = None
    user_principal_name: str | None = None
    mail: str | None = None
    job_title: str | None = None


class People:
    def __init__(self, graph: Graph, credentials: GraphCredentials) -> None:
        self._graph, self._credentials = graph, credentials

    async def search(
        self,
        caller: Caller,
        text: str | None = None,
        page_size: int | None = None,
        continuation: str | None = None,
    ) -> Page[Person]:
        """People of the caller's tenant. A text matches the beginnings of words of the name, and the beginning of the
        address and the user principal name.
        """
        params = FIELDS | top(page_size) | _search(text)
        credential = self._credentials.on_behalf_of(caller)
        users, following = await self._graph.page("v1.0/users", credential, params, EVENTUAL, continuation)
        return Page(tuple(_person(read(user, _User)) for user in users), following)

    async def get(self, caller: Caller, user: str) -> Person:
        """``user`` is an object id or ``me``."""
        path, credential = f"v1.0/{user_path(user)}", self._credentials.on_behalf_of(caller)
        return _person(read(await self._graph.get(path, credential, FIELDS), _User))


def _search(text: str | None) -> dict[str, str]:
    """The text as quoted terms. Quotes and backslashes are escaped, so that the text stays a literal."""
    words = (text or "").split()
    if not words:
        return {}
    sought = " ".join(words)
    if len(sought) > LONGEST_TEXT or not sought.isprintable():
        raise not_valid(f"search must be at most {LONGEST_TEXT} printable characters")
    escaped = sought.replace("\\", "\\\\").replace('"', '\\"')
    return {"$search": " OR ".join(f'"{field}:{escaped}"' for field in SEARCHED)}


def _person(user: _User) -> Person:
    return Person(user.id, user.display_name or "", user.user_principal_name or "", user.mail, user.job_title)
