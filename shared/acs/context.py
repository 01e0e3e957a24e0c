"""The type of executors, and the context that each of them gets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct

from shared.calls.actions import Action
from shared.calls.capabilities import Call
from shared.calls.effect import Effect
from shared.calls.event import ActionPerformed, Event, own
from shared.platform.clients import Clients
from shared.platform.settings import Settings

if TYPE_CHECKING:
    from shared.agents.claims import Claims

# Performs one kind of action, and returns the event that reports it. Raises ActionError, AzureError, TimeoutError.
Executor = Callable[["Context", Call, Effect, Any], Awaitable[Event]]
Executors = Mapping[type[Action], Executor]


class Context(Struct, frozen=True, dict=True):
    settings: Settings
    clients: Clients
    now: Callable[[], datetime]

    @cached_property
    def claims(self) -> Claims:
        from shared.agents.claims import Claims
        from shared.agents.queue import Queue
        from shared.agents.store import AgentStore
        from shared.storage.wakes import Wakes

        table, wakes = self.clients.agents, Wakes(lambda: self.clients.wakes)
        return Claims(AgentStore(table), Queue(table, self.now), wakes, self.now)

    def callback_url(self, call_id: str) -> str:
        return f"{self.settings.callback_base_url}/api/callbacks/{call_id}"

    def stream_url(self, url: str, call_id: str) -> str:
        """The URL of a WebSocket for one call: the call's id is the last part of the path."""
        parts = urlsplit(url)
        return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{call_id}"))

    def connection(self, call: Call) -> Any:
        """The call at ACS, for requests that carry a ``Repeatability-Request-ID`` or only read."""
        return self.clients.call_automation.get_call_connection(call.call_connection_id or "")

    def connection_once(self, call: Call) -> Any:
        """The same without retries, for requests that ACS takes no ``Repeatability-Request-ID`` with."""
        return self.clients.call_automation_once.get_call_connection(call.call_connection_id or "")

    def performed(self, effect: Effect) -> Event:
        return self.done(effect, ActionPerformed(effect.id, effect.action))

    def done(self, effect: Effect, data: ActionPerformed) -> Event:
        return own(f"{effect.id}/done", self.now(), data)


def repeatable(id: str) -> dict[str, str]:
    """The header by which ACS recognizes a repeated request."""
    return {"Repeatability-Request-ID": id}
