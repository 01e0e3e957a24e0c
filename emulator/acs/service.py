"""The state of the emulated service, and what happens to calls, whatever causes it."""

from __future__ import annotations

import base64
import json
import random
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Literal

from emulator.acs import errors, events
from emulator.acs.callback_types import CALLBACK_TYPES
from emulator.acs.callbacks import Callbacks
from emulator.acs.callees import CalleeBehaviours
from emulator.acs.calls import Call, Calls, Kind, Script
from emulator.acs.file_store import FileStore
from emulator.acs.identifiers import Identifier
from emulator.acs.identity_stores import Assignments, Identities
from emulator.acs.media.streams.connecting import Connector
from emulator.acs.provenance import RING, STREAM_TOKEN_LIFE
from emulator.acs.repeatability import Repeatability
from emulator.acs.results import HUNG_UP, OK, OTHER_LEFT, Result
from emulator.acs.rings import Rings
from emulator.acs.signing_keys import SigningKeys
from emulator.background import BackgroundTasks
from emulator.clock import Clock, ticks_stamp
from emulator.config import Config, Options
from emulator.faults import Faults
from emulator.journal import Journal

SYSTEM_TOPIC = "acs"

Publish = Callable[[str, list[dict[str, Any]]], Awaitable[None]]
Verify = Callable[[str, str], dict[str, Any]]


def no_entra(_token: str, _audience: str) -> dict[str, Any]:
    """Verifies tokens where there is no Entra ID: none is valid."""
    raise ValueError("there is no Entra ID")


class Service:
    """Built once per process; ``reset`` returns it to its initial state."""

    def __init__(self, config: Config, *, clock: Clock, journal: Journal, faults: Faults, publish: Publish) -> None:
        self.config, self.clock, self.journal, self.faults, self.publish = config, clock, journal, faults, publish
        self.base_url = f"http://{config.host}:{config.port}"
        self.background = BackgroundTasks(clock)
        self.rng = random.Random(config.seed)
        self.keys = SigningKeys(clock)
        self.callbacks = Callbacks(
            clock=clock, journal=journal, faults=faults, background=self.background, token=self.callback_token
        )
        self.connector = Connector(clock, self.stream_token)
        self.repeatability = Repeatability(clock)
        self.calls = Calls()
        self.callees = CalleeBehaviours()
        self.rings = Rings()
        self.files = FileStore(clock)
        self.identities = Identities()
        self.assignments = Assignments()
        self.verify: Verify = no_entra
        self.options = self._options()

    def _options(self) -> Options:
        return Options(
            repeatability=self.config.repeatability,
            start_recording_answer=self.config.start_recording_answer,
        )

    async def reset(self) -> None:
        """Forget everything but the signing keys."""
        await self.background.cancel()
        await self.connector.close()
        for store in (self.calls, self.callees, self.repeatability, self.callbacks, self.files, self.faults):
            store.clear()
        self.rings.clear()
        self.identities.clear()
        self.assignments.reset()
        self.journal.clear()
        self.options = self._options()
        self.rng.seed(self.config.seed)

    async def close(self) -> None:
        await self.background.cancel()
        await self.connector.close()
        await self.callbacks.close()
        self.files.close()

    def new_id(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def opaque_id(self, **content: str) -> str:
        """A long id of base64, as recording ids and incoming-call contexts are."""
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    def new_server_call_id(self) -> str:
        """Padded base64 with a slash in it, as recorded ids can be."""
        return base64.b64encode(f"https://emulator/convs/{self.new_id()}?i=10".encode()).decode()

    def callback_token(self) -> str:
        return self.keys.token(issuer=self.base_url, audience=self.config.resource_id)

    def stream_token(self) -> str:
        keys, life = self.keys, STREAM_TOKEN_LIFE.seconds
        return keys.token(issuer=self.base_url, audience=self.config.resource_id, expires_in=life)

    # Ringing

    def ring(
        self,
        source: Identifier,
        target: Identifier,
        *,
        kind: Kind = "tpe",
        script: Script | None = None,
        correlation_id: str | None = None,
        ringing_for: float = 0.0,
    ) -> Call:
        """A call arrives, or has been ringing for some seconds. It is missed unless it is answered in the ring time."""
        id = self.new_id()
        call = Call(
            id=id,
            kind=kind,
            source=source,
            target=target,
            server_call_id=self.new_server_call_id(),
            correlation_id=correlation_id or self.new_id(),
            state="ringing",
            context=self.opaque_id(callId=id, cc=f"{self.rng.getrandbits(2048):0512x}"),
            event_id=self.new_id(),
            script=script or Script(),
            ringing_at=self.clock.now() - timedelta(seconds=ringing_for),
        )
        self.calls.add(call)
        left = max(0.0, RING.seconds - ringing_for)
        call.timers.append(self.background.after(left, lambda: self.stop_ringing(call)))
        return call

    def incoming_call_event(
        self,
        call: Call,
        *,
        display_name: str = "",
        on_behalf_of: Identifier | list[Identifier] | None = None,
        custom_context: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        subject, data = events.incoming_call(call, display_name, on_behalf_of, custom_context)
        return self.system_event("IncomingCall", subject, data, id=call.event_id, at=call.ringing_at)

    def system_event(
        self, type: str, subject: str, data: dict[str, Any], *, id: str | None = None, at: datetime | None = None
    ) -> dict[str, Any]:
        """A CloudEvent of the resource's system topic, with a new id and the current time unless given."""
        return events.system_event(type, subject, data, id=id or self.new_id(), at=at or self.clock.now())

    def ringing(self, context: str) -> Call:
        """The ringing call of an incoming-call context. Raises AcsError if it can't be answered any more."""
        call = self.calls.by_context(context)
        if call is None:
            raise errors.invalid("The incomingCallContext is not valid.")
        if call.state == "missed" or (call.state == "ended" and call.answered_at is None):
            raise errors.not_found("The call is no longer ringing: the caller gave up or was not answered in time.")
        if call.state != "ringing":
            raise errors.invalid("The incomingCallContext was already used.")
        return call

    def take(self, call: Call, state: Literal["rejected", "redirected", "connected"]) -> None:
        """End the ringing: the context is used now."""
        self._cancel_timers(call)
        call.state = state
        if state != "connected":
            call.ended_at = self.clock.now()

    def stop_ringing(self, call: Call) -> None:
        """The caller gives up, or is not answered in time."""
        self._cancel_timers(call)
        call.state, call.ended_at = "missed", self.clock.now()

    # The application's leg

    def establish(self, call: Call) -> None:
        """The application's leg is connected."""
        call.state = call.connection_state = "connected"
        call.answered_at = self.clock.now()
        call.join(call.far_end, self.clock.wall())
        self.emit(call, "CallConnected", context=call.operation_context)
        self.participants_updated(call)

    def disconnect(self, call: Call, result: Result = HUNG_UP) -> None:
        """The application's leg ends; the call goes on if two others are in it."""
        for invitation in call.invitations.values():
            invitation.task.cancel()
        call.invitations.clear()
        if call.transfer:
            call.transfer.cancel()
        if call.playlist:
            call.playlist.stop()
        call.media_streaming.close()
        call.transcription.close()
        if call.connection_state in ("connected", "connecting"):
            call.connection_state = "disconnected"
            self.emit(call, "CallDisconnected", context=call.operation_context, result=result)
        if len(list(call.present())) < 2:  # noqa: PLR2004 - one alone is no conversation
            self._finish(call)

    def end(self, call: Call, result: Result = HUNG_UP) -> None:
        """The call is over for everyone."""
        for person in list(call.present()):
            call.leave(person.raw_id, self.clock.wall())
        self.disconnect(call, result)

    def _finish(self, call: Call) -> None:
        self._cancel_timers(call)
        if call.state == "ended":
            return
        for person in list(call.present()):
            call.leave(person.raw_id, self.clock.wall())
        call.state, call.ended_at = "ended", self.clock.now()
        for action in call.at_end:
            action()

    @staticmethod
    def _cancel_timers(call: Call) -> None:
        for timer in call.timers:
            timer.cancel()
        call.timers.clear()

    # Participants

    def leave(self, call: Call, raw_id: str, result: Result = OTHER_LEFT) -> None:
        """A participant leaves; ``result`` goes to the application if that ends its leg."""
        if not call.leave(raw_id, self.clock.wall()):
            return
        if call.connected:
            self.participants_updated(call)
        left = len(list(call.present()))
        if call.connected and left == 0:
            self.disconnect(call, result)
        elif not call.connected and left < 2:  # noqa: PLR2004 - one alone is no conversation
            self._finish(call)

    # Events

    def participants(self, call: Call) -> list[dict[str, Any]]:
        """Who is in the call, as the wire has it: the application's own identity is among them, as recorded."""
        own = [call.own.describe()] if call.own and call.connected and self.options.own_participant else []
        return [*own, *(person.describe() for person in call.present())]

    def participants_updated(self, call: Call) -> None:
        data = {
            "participants": self.participants(call),
            "sequenceNumber": call.next_sequence_number(self.rng),
        }
        self.emit(call, "ParticipantsUpdated", data)

    def emit(
        self,
        call: Call,
        type: str,
        data: dict[str, Any] | None = None,
        *,
        request: dict[str, Any] | None = None,
        context: str | None = None,
        result: Result = OK,
        url: str | None = None,
        source: str | None = None,
    ) -> None:
        """Send a callback. ``request`` is the body of the operation that it completes: context and URL come from it."""
        body = request or {}
        context = body.get("operationContext") if context is None else context
        if type not in CALLBACK_TYPES:
            raise KeyError(f"{type} is not in the table of callbacks")
        where = source or f"calling/callConnections/{call.connection_id}"
        content = events.callback_data(call, type, data or {}, context=context, result=result)
        event = events.cloud_event(
            type, content, id=self.new_id(), source=where, subject=where, time=ticks_stamp(self.clock.now())
        )
        self.callbacks.send(url or body.get("operationCallbackUri") or call.callback_uri, event)
