"""A registered client: its rings, its calls and its sound. The web socket that connects it can be replaced."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from typing import Any

from aiohttp import web

from emulator.acs import acting, hearing
from emulator.acs.audio import FRAME_SAMPLES, FRAMES_PER_SECOND, SAMPLE_RATE, mixed
from emulator.acs.service import Service
from emulator.acs.track import Track
from emulator.clients import reasons
from emulator.clients.identity import ClientError, Identity, Kind, name_of
from emulator.clients.incoming import Incoming
from emulator.clients.legs import TALKING, Leg
from emulator.directory import Directory

GRACE = 20.0  # seconds of the wall's clock that a client without a connection stays in its calls
MOST_BEHIND = 0.5  # seconds of sound that wait to be heard; more is dropped
FRAME_BYTES = 2 * FRAME_SAMPLES


class Client:
    def __init__(self, key: str, service: Service, directory: Directory, identity: Identity) -> None:
        self.key, self.identity = key, identity
        self.legs: dict[str, Leg] = {}
        self.connected = False  # as the SDK's connectionState
        self._service, self._directory = service, directory
        self.kind: Kind = "teams"
        self.socket: web.WebSocketResponse | None = None
        self.incoming = Incoming(service, directory, identity.raw_id, self.send)
        self._outbox: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._sound: asyncio.Task[None] | None = None
        self._expiry: asyncio.Task[None] | None = None

    # -- The connection --

    def attach(self, socket: web.WebSocketResponse) -> None:
        """The client is connected: it is sent everything anew."""
        self.socket, self._outbox = socket, asyncio.Queue()  # what the lost connection did not take is old
        for leg in self.legs.values():
            leg.shown = None

    def detach(self) -> None:
        """The connection is lost."""
        self.socket = None
        self._set_connected(False)

    def cut(self) -> None:
        """Close the connection, as a network that fails does."""
        if self.socket:
            self._service.background.start(_close(self.socket), busy=False)

    @property
    def attached(self) -> bool:
        return self.socket is not None

    def go_online(self) -> None:
        """Calls ring here from now on, until the token expires."""
        left = self.identity.expires - time.time()
        if not self.attached:
            return
        if left <= 0:
            self.expire()
            return
        if self._expiry:
            self._expiry.cancel()
        self._expiry = self._service.background.start(self._expire_after(left), busy=False)
        self._set_connected(True)
        self.send({"type": "connection", "state": "Connected"})
        self.look_at_rings()

    def expire(self) -> None:
        """The token has expired: calls go on, and no more come in."""
        self._set_connected(False)
        self.send({"type": "connection", "state": "Disconnected", "reason": "invalidToken"})

    async def _expire_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)  # a token's life is the wall's
        self.expire()

    def _set_connected(self, connected: bool) -> None:
        if connected != self.connected:
            self.connected = connected
            change = self._service.rings.register if connected else self._service.rings.unregister
            change(self.identity.raw_id)
        if not connected:
            self.incoming.clear()

    def send(self, message: dict[str, Any]) -> None:
        if self.socket:
            self._outbox.put_nowait(json.dumps(message))

    async def write(self, socket: web.WebSocketResponse) -> None:
        """Send what there is, in its order, for as long as the socket is open."""
        outbox = self._outbox
        while True:
            data = await outbox.get()
            with contextlib.suppress(ConnectionError):
                await (socket.send_str(data) if isinstance(data, str) else socket.send_bytes(data))

    def close(self, end: reasons.EndReason) -> None:
        """The page is closed, or has been away for too long."""
        self.detach()
        for leg in list(self.legs.values()):
            self.hang_up(leg.id, end)
        for task in (self._expiry, self._sound):
            if task:
                task.cancel()

    def describe(self) -> dict[str, Any]:
        """As the control API shows it."""
        calls = [{"id": leg.call.id, "state": leg.state()} for leg in self.legs.values()]
        return {"rawId": self.identity.raw_id, "connected": self.connected, "calls": calls}

    # -- Calls --

    def look_at_rings(self) -> None:
        if self.connected:
            self.incoming.look()

    def accept(self, ring_id: str, leg_id: str) -> None:
        ring = self.incoming.accept(ring_id)
        self.add(Leg(leg_id, ring.call, str(ring.callee["rawId"]), incoming=True, ring=ring))

    def add(self, leg: Leg) -> None:
        self.legs[leg.id] = leg
        if self._sound is None or self._sound.done():
            self._sound = self._service.background.start(self._run(), busy=False)

    def leg(self, leg_id: str) -> Leg:
        if leg_id not in self.legs:
            raise ClientError(404, 0, "The call has ended.")
        return self.legs[leg_id]

    def hang_up(self, leg_id: str, end: reasons.EndReason = reasons.ENDED) -> None:
        leg = self.leg(leg_id)
        connected, leg.end = leg.person is not None, leg.end or end
        for task in leg.tasks:
            task.cancel()
        if connected:
            acting.hang_up(self._service, leg.call, leg.raw_id)
        elif not leg.incoming and not leg.in_lobby:
            self._service.stop_ringing(leg.call)
        leg.holds = False

    def hold(self, leg_id: str, *, on: bool) -> None:
        """In a call of two alone: the other one is held."""
        leg = self.leg(leg_id)
        others = list(leg.others())
        if not leg.connected or (on and len(others) != 1):
            raise ClientError(400, 41033 if on else 41034, "Only a call of two can be held.")
        leg.holds = on
        for other in others:
            acting.hold(self._service, leg.call, other, on=on)

    def mute(self, leg_id: str, *, on: bool) -> None:
        leg = self.leg(leg_id)
        if leg.person is None:
            raise ClientError(400, 41015, "The call is not connected.")
        acting.mute(self._service, leg.call, leg.person, on=on)

    # -- Sound --

    def captured(self, pcm: bytes) -> None:
        """A piece of what the microphone hears."""
        now = self._service.clock.wall()
        for leg in self.legs.values():
            person = leg.person
            if person is None or leg.state() not in TALKING:
                continue
            track = person.captured = person.captured or Track()
            if any(pcm) and track.end - now < MOST_BEHIND:
                track.play(pcm, SAMPLE_RATE, now)

    async def _run(self) -> None:
        """Every 20 ms: what changed in the calls, and what is heard."""
        clock = self._service.clock
        began = clock.wall()
        for n in itertools.count():
            moment = began + n / FRAMES_PER_SECOND
            await clock.until(moment)
            for leg in list(self.legs.values()):
                self._show(leg, moment)
            if clock.wall() - moment < MOST_BEHIND:
                self._play(moment)
            if not self.legs:
                return

    def _show(self, leg: Leg, moment: float) -> None:
        leg.look()
        if leg.person and leg.person.captured is None:
            leg.person.captured = Track()  # a client has no voice but its microphone
        view = leg.view(moment)
        if view != leg.shown and self.attached:
            leg.shown, leg.began = view, True
            names = {each["rawId"]: self._name(leg, each["rawId"]) for each in view["participants"]}
            people = [each | {"displayName": names[each["rawId"]]} for each in view["participants"]]
            self.send({"type": "call", "call": leg.id, **view, "participants": people})
        if leg.end and leg.shown is view:
            del self.legs[leg.id]

    def _name(self, leg: Leg, raw_id: str) -> str:
        person = leg.call.participants.get(raw_id)
        return name_of(self._directory, person.identifier) if person else ""

    def _play(self, moment: float) -> None:
        heard = [
            hearing.heard_by(leg.call, leg.person, moment)
            for leg in self.legs.values()
            if leg.person and leg.state() in TALKING
        ]
        tones = tuple(itertools.chain.from_iterable(heard))
        if tones and self.attached:
            self._outbox.put_nowait(mixed(tones))


async def _close(socket: web.WebSocketResponse) -> None:
    await socket.close(code=1012)  # service restart: RFC 6455's registry of close codes
