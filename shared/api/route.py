"""The declaration of a route, and what its handler receives and returns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Meta, Struct

from shared.api.http import Request, Response
from shared.directory.caller import Caller

if TYPE_CHECKING:
    from shared.directory.directory import Directory
    from shared.platform.clients import Clients
    from shared.platform.settings import Settings

# App roles of the API's registration. Each role includes the ones before it.
AGENTS = frozenset({"Agent", "Supervisor", "Administrator"})
ADMINISTRATORS = frozenset({"Administrator"})


class Strict(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The base of bodies and queries: an unknown field is refused by its name."""


class NoQuery(Strict, frozen=True):
    pass


class RequestContext(Struct, frozen=True):
    """What a handler receives. The caller is authorised; path, query and body are validated."""

    settings: Settings
    directory: Directory
    clients: Clients
    caller: Caller
    request: Request
    path: dict[str, str]
    query: Any
    body: Any
    openapi: Callable[[], Response]

    def __repr__(self) -> str:
        return "RequestContext()"  # its fields contain names of people and tokens


class Result(Struct, frozen=True):
    """A handler's result where the route declares several statuses."""

    status: int
    data: Any


class Paged(Struct, frozen=True):
    """A response ``{"value": […]}`` of such items. If more follow, a GET has ``nextLink``, a POST ``continuation``."""

    item: type


class Route(Struct, frozen=True):
    """``responses`` maps the statuses of success to their bodies: a Struct, Paged, or None for no body.

    The handler returns a Struct, a Page, None, a Result where there are several statuses, or a Response.
    ``parameters`` describes the parameters of the path. ``secret``: the response must not be stored or cached.
    ``public``: no authentication.
    """

    method: str
    path: str
    operation: str
    roles: frozenset[str]
    summary: str
    responses: Mapping[int, Any]
    handler: Callable[[RequestContext], Awaitable[Any]]
    parameters: Mapping[str, Meta] = {}
    query: type[Struct] = NoQuery
    body: type[Struct] | None = None
    secret: bool = False
    public: bool = False
