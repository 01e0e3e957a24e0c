"""The control API: what tests and people set and read. All under `/_emulator/`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from emulator.clients.endpoint import ClientEndpoint
from emulator.control import (
    callees,
    calls,
    client_calls,
    clients,
    directory,
    events,
    faults,
    hearing,
    journal,
    overview,
)
from emulator.control.fields import ControlError
from emulator.directory import UnknownTenant
from emulator.entra.routes import NotSignedIn
from emulator.faults import BadFault
from emulator.platform import Platform

__all__ = ["explain", "routes"]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(platform: Platform, endpoint: ClientEndpoint) -> list[web.RouteDef]:
    parts = (
        calls.Calls,
        client_calls.ClientCalls,
        callees.Callees,
        hearing.Hearing,
        faults.FaultRules,
        journal.JournalReader,
        events.Events,
        directory.DirectoryEditor,
    )
    control = [route for part in parts for route in part(platform).routes()]
    control += clients.Clients(endpoint).routes()
    return [*control, web.get("/", overview.Overview(platform, control).show)]


@web.middleware
async def explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a control request that can't be understood with 400 and the reason."""
    if not request.path.startswith("/_emulator/"):
        return await handler(request)
    try:
        return await handler(request)
    except (ControlError, BadFault, UnknownTenant, NotSignedIn) as error:
        return web.json_response({"error": str(error)}, status=400)
    except web.HTTPException as error:
        return web.json_response({"error": error.reason}, status=error.status)
