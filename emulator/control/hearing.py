"""The sound of a call: the pitch of every sound, and a WAV file of what a party heard."""

from __future__ import annotations

import io

from aiohttp import web

from emulator import listening
from emulator.acs import audio, hearing
from emulator.acs.calls import Call
from emulator.clock import stamp
from emulator.control.fields import ControlError, identifier, unknown
from emulator.platform import Platform


class Hearing:
    def __init__(self, platform: Platform) -> None:
        self._service = platform.service

    def routes(self) -> list[web.RouteDef]:
        at = "/_emulator/calls/{id}"
        return [web.get(f"{at}/sounds", self.sounds), web.get(f"{at}/heard/{{rawId}}", self.heard)]

    async def sounds(self, request: web.Request) -> web.Response:
        """The names and frequencies of what sounds in a call"""
        call = self._find(request)
        began = call.answered_at and stamp(call.answered_at)
        return web.json_response({"began": began, "sounds": hearing.pitches(call)})

    async def heard(self, request: web.Request) -> web.Response:
        """A WAV file of what a party has heard since the call was connected; ?format=text says it in words"""
        call, raw_id = self._find(request), identifier(request.match_info["rawId"], "the party")["rawId"]
        if raw_id not in call.participants:
            raise unknown(raw_id, call.participants, "the call")
        file = io.BytesIO()
        audio.write(file, hearing.ear(call, call.participants[raw_id], self._service.clock.wall()), mixed=False)
        if _format(request) == "text":
            text = "".join(f"{line}\n" for line in listening.lines(file.getvalue(), hearing.pitches(call)))
            return web.Response(text=text)
        return web.Response(body=file.getvalue(), content_type="audio/wav")

    def _find(self, request: web.Request) -> Call:
        call = self._service.calls.get(request.match_info["id"])
        if call is None:
            raise web.HTTPNotFound(reason=f"there is no call {request.match_info['id']}")
        if call.began is None:
            raise ControlError(f"call {call.id} is {call.state}: it was never connected, and no party heard anything")
        return call


def _format(request: web.Request) -> str:
    query = dict(request.query)
    for name in query:
        if name != "format":
            raise unknown(name, ("format",), "an ear")
    if query.get("format", "wav") not in ("wav", "text"):
        raise ControlError("'format' is wav or text")
    return query.get("format", "wav")
