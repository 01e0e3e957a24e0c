"""Events of calls between clients: each is kept, and its call is listed for the tenant of the ACS user who began it."""

from __future__ import annotations

from shared.calls import client_calls
from shared.calls.client_calls import ClientCall, OfClientCall
from shared.calls.event import Unreadable
from shared.directory.identity_owners import IdentityOwners
from shared.platform.settings import Settings
from shared.service.time_limits import INVOCATION_SECONDS, within
from shared.service.wire import EventReader, WireEvent
from shared.storage.client_calls import ClientCallStore

SOURCE = "client_call"


class ClientCalls:
    def __init__(self, settings: Settings, reader: EventReader, store: ClientCallStore, owners: IdentityOwners) -> None:
        self._settings, self._reader, self._store, self._owners = settings, reader, store, owners

    @within(INVOCATION_SECONDS)
    async def event(self, wire: WireEvent) -> None:
        """CallStarted, CallEnded, CallParticipantAdded or CallParticipantRemoved."""
        try:
            event = client_calls.parse(wire.type, wire.id, wire.time, wire.subject, wire.get_json())
        except Unreadable as error:
            await self._reader.quarantine(wire, str(error), SOURCE)
            return
        assert isinstance(event.data, OfClientCall)  # noqa: S101  # ``parse`` returns no other
        call = await self._store.add(client_calls.id_of(event.data.server_call_id), client_calls.kept(event))
        await self._store.put_in_list(call, await self._tenant_of(call))

    async def _tenant_of(self, call: ClientCall) -> str | None:
        """The tenant whose caller created the identity; the app's own for identities that this API did not create."""
        found = await self._owners.tenant_of(call.started_by) if call.started_by else None
        return found or next(iter(self._settings.api_tenants), None)
