"""The declaration of a route, and what its handler receives and returns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Meta, Struct

from shared.api.http import Request, Response
from shared.directory.caller import Caller

if TYPE_CHECKING:
    from shared.agents.store import AgentStore
    from shared.customers.store import CustomerStore
    from shared.directory.directory import Directory
    from shared.plans.store import PlanStore
    from shared.platform.clients import Clients
    from shared.platform.settings import Settings
    from shared.service.commands import Commands
    from shared.service.container import Container
    from shared.storage.calls import CallStore

# App roles of the API's registration. Each role includes the ones before it.
AGENTS = frozenset({"Agent", "Supervisor", "Administrator"})
SUPERVISORS = frozenset({"Supervisor", "Administrator"})
ADMINISTRATORS = frozenset({"Administrator"})


class Strict(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The base of bodies and queries: an unknown field is refused by its name."""


class NoQuery(Strict, frozen=True):
    pass


class RequestContext(Struct, frozen=True):
    """What a handler receives. The caller is authorised; path, query and body are validated."""

    container: Container
    caller: Caller
    request: Request
    path: dict[str, str]
    query: Any
    body: Any
    openapi: Callable[[], Response]

    @property
    def settings(self) -> Settings:
        return self.container.settings

    @property
    def directory(self) -> Directory:
        return self.container.directory

    @property
    def clients(self) -> Clients:
        return self.container.clients

    @property
    def calls(self) -> CallStore:
        return self.container.store

    @property
    def customers(self) -> CustomerStore:
        return self.container.customers

    @property
    def agents(self) -> AgentStore:
        return self.container.agents

    @property
    def plans(self) -> PlanStore:
        return self.container.plans

    @property
    def commands(self) -> Commands:
        return self.container.commands

    def __repr__(self) -> str:
        return "RequestContext()"  # its fields contain names of people and tokens


class Result(Struct, frozen=True):
    """A handler's result where the route declares several statuses, or sends headers."""

    status: int
    data: Any
    headers: dict[str, str] = {}


class Paged(Struct, frozen=True):
    """A response ``{"value": […]}`` of such items. If more follow, a GET has ``nextLink``, a POST ``continuation``."""

    item: type


class Route(Struct, frozen=True):
    """``responses`` maps the statuses of success to their bodies: a Struct, Paged, or None for no body.

    The handler returns a Struct, a Page, None, a Result where there are several statuses, or a Response.
    ``parameters`` describes the parameters of the path. ``secret``: the response must not be stored or cached.
    ``public``: no authentication. ``command``: the request has the headers Idempotency-Key and Prefer.
    ``raw``: the handler gets the body as bytes of JSON, and refuses it with errors of its own; ``body`` describes it.
    ``conditional``: it has the header If-Match, and a response with a body has an ETag.
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
    body: Any = None  # a class of Struct
    raw: bool = False
    secret: bool = False
    public: bool = False
    command: bool = False
    conditional: bool = False
