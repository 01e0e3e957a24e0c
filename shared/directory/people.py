"""The people of a tenant, as the signed-in user may see them (Microsoft Graph v1.0, User.ReadBasic.All).

That permission covers names and addresses. Job titles of others need User.Read.All, which the app does not ask for:
where it was granted all the same, they are there.
"""

from __future__ import annotations

from msgspec import Struct

from shared.directory.checks import not_valid, read, top, user_path
from shared.directory.graph import Graph
from shared.directory.models import Page, Person
from shared.directory.sign_in import Caller, SignIn

LONGEST_TEXT = 100  # characters to search for
# By the beginnings of words in names; by the beginning of what has no words ("Use the $search query parameter").
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
    def __init__(self, graph: Graph, sign_in: SignIn) -> None:
        self._graph, self._sign_in = graph, sign_in

    async def search(
        self,
        caller: Caller,
        text: str | None = None,
        page_size: int | None = None,
        continuation: str | None = None,
    ) -> Page[Person]:
        """People of the caller's tenant; with a text, those of whose names a word begins with each of its words, and
        those whose address or user principal name begins with it.
        """
        params = FIELDS | top(page_size) | _search(text)
        credential = self._sign_in.on_behalf_of(caller)
        users, following = await self._graph.page("v1.0/users", credential, params, EVENTUAL, continuation)
        return Page(tuple(_person(read(user, _User)) for user in users), following)

    async def get(self, caller: Caller, user: str) -> Person:
        """``user`` is an object id or ``me``."""
        path, credential = f"v1.0/{user_path(user)}", self._sign_in.on_behalf_of(caller)
        return _person(read(await self._graph.get(path, credential, FIELDS), _User))


def _search(text: str | None) -> dict[str, str]:
    """The text in quoted terms, in which quotes and backslashes are escaped: it can't become another expression."""
    words = (text or "").split()
    if not words:
        return {}
    sought = " ".join(words)
    if len(sought) > LONGEST_TEXT or not sought.isprintable():
        raise not_valid(f"search must be at most {LONGEST_TEXT} characters that can be printed")
    escaped = sought.replace("\\", "\\\\").replace('"', '\\"')
    return {"$search": " OR ".join(f'"{field}:{escaped}"' for field in SEARCHED)}


def _person(user: _User) -> Person:
    return Person(user.id, user.display_name or "", user.user_principal_name or "", user.mail, user.job_title)
